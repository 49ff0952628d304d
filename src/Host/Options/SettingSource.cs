using System.CommandLine;
using System.Text.Json;
using LayerStream.Session;

namespace LayerStream.Host.Options;

/// <summary>Settings below the flags: environment, then the configuration file.</summary>
internal sealed class SettingSource
{
    private const string DefaultFile = "layerstream.json";
    private readonly Dictionary<string, List<string>> _file = [];
    private readonly IReadOnlyList<string> _known;
    private readonly string? _path;

    /// <summary>Reads the file of --config, or layerstream.json of the current directory when none is named and it is there.</summary>
    /// <exception cref="UsageException">The named file is not there, is no JSON, or has a key that no verb knows.</exception>
    public SettingSource(ParseResult parse)
    {
        _known = OptionNames.Of(parse);
        if (PathOf(parse) is not { } path)
        {
            return;
        }

        _path = path;
        if (!File.Exists(path))
        {
            throw new UsageException($"There is no configuration file {path}.");
        }

        using JsonDocument json = ReadObject(path);
        Read(path, json.RootElement);
    }

    /// <summary>The value of a setting, null when neither environment nor file has it.</summary>
    public string? Get(string name) => GetList(name) is [var first, ..] ? first : null;

    /// <summary>All values of a setting that may repeat.</summary>
    public IReadOnlyList<string> GetList(string name) => Find(name)?.Values ?? [];

    /// <summary>The values of a setting and the variable or file that gives them; null when neither does.</summary>
    public (IReadOnlyList<string> Values, bool IsVariable, string Place)? Find(string name)
    {
        string variable = "LAYERSTREAM__" + name.Replace('-', '_').ToUpperInvariant();
        return Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? ([value], true, variable)
            : _file.TryGetValue(name, out List<string>? values) && values.Count > 0 ? (values, false, _path!) : null;
    }

    /// <summary>The configuration file: what is named, else the usual one where it is there, else null.</summary>
    public static string? PathOf(ParseResult parse) => CommonOptions.ConfigPath(parse)
        ?? Environment.GetEnvironmentVariable("LAYERSTREAM__CONFIG") ?? (File.Exists(DefaultFile) ? DefaultFile : null);

    /// <summary>Reads a file of one JSON object, in which people may write comments and a comma too many.</summary>
    /// <param name="path">The file, which is there.</param>
    /// <param name="maxDepth">Levels it may have; 0 = the usual number.</param>
    /// <exception cref="UsageException">It holds something else.</exception>
    internal static JsonDocument ReadObject(string path, int maxDepth = 0)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(File.ReadAllBytes(path),
                new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = maxDepth });
        }
        catch (JsonException e)
        {
            throw new UsageException($"{path} is not valid JSON: {e.Message}");
        }

        if (json.RootElement.ValueKind != JsonValueKind.Object)
        {
            json.Dispose();
            throw new UsageException($"{path} must hold one JSON object.");
        }

        return json;
    }

    /// <summary>A key as it is compared: case, dashes and underscores make no difference.</summary>
    internal static string Plain(string name) => name.Replace("-", "").Replace("_", "").ToLowerInvariant();

    private void Read(string path, JsonElement root)
    {
        foreach (JsonProperty property in root.EnumerateObject())
        {
            string name = _known.FirstOrDefault(n => Plain(n) == Plain(property.Name))
                ?? throw new UsageException($"{path} has the unknown key '{property.Name}'. Known keys: {string.Join(", ", _known)}.");
            _file[name] = property.Value.ValueKind switch
            {
                JsonValueKind.Null => [],
                JsonValueKind.Array when CommonOptions.ListNames.Contains(name) =>
                    [.. property.Value.EnumerateArray().Select(e => Text(path, property.Name, e))],
                _ => [Text(path, property.Name, property.Value)],
            };
        }
    }

    private static string Text(string path, string key, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => throw new UsageException($"{path}: '{key}' must be a text, a number, true or false."),
    };
}
