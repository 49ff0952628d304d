using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LayerStream.Session;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Options;

/// <summary>
/// Reads the file of <c>--presets</c>: an object with a member for each preset, whose value is an object of settings. <c>model</c> and
/// <c>system</c> are its own, <c>memory-budget</c> may be a share such as <c>50%</c>; the others are options of the command line, which
/// count before those that the daemon was started with.
/// </summary>
internal static class PresetFile
{
    private const int MostBytes = 4 << 20;
    private const int MostDepth = 8;
    private const int LongestName = 200;
    private const string Model = "model";
    private const string System = "system";
    private const string Budget = "memory-budget";

    private static readonly HashSet<string> s_ofTheDaemon = ["models", "json", "quiet", "profile", "parse-special"];

    /// <summary>The presets of a file, in its order.</summary>
    /// <exception cref="UsageException">There is no such file, it is no JSON, or a preset is not as it must be.</exception>
    public static IReadOnlyList<ModelPreset> Read(string path, ParseResult parse)
    {
        if (!File.Exists(path) || new FileInfo(path).Length > MostBytes)
        {
            throw new UsageException($"--presets {path}: {(File.Exists(path) ? "the file is too large" : "there is no such file")}.");
        }

        using JsonDocument json = SettingSource.ReadObject(path, MostDepth);
        List<ModelPreset> presets = [];
        foreach (JsonProperty preset in json.RootElement.EnumerateObject())
        {
            presets.Add(Of(path, preset, parse));
            if (presets.FindIndex(p => p.Name.Equals(preset.Name, StringComparison.OrdinalIgnoreCase)) < presets.Count - 1)
            {
                throw new UsageException($"{path} has '{preset.Name}' twice.");
            }
        }

        return presets;
    }

    private static ModelPreset Of(string path, JsonProperty preset, ParseResult parse)
    {
        string name = preset.Name.Trim();
        if (name.Length is 0 or > LongestName || name.Equals("default", StringComparison.OrdinalIgnoreCase) || name.Any(char.IsControl))
        {
            throw new UsageException($"{path}: '{name}' cannot be the name of a preset.");
        }

        Dictionary<string, IReadOnlyList<string>> settings = [];
        foreach (JsonProperty member in preset.Value.ValueKind == JsonValueKind.Object ? preset.Value.EnumerateObject()
            : throw new UsageException($"{path}: '{name}' must be an object."))
        {
            settings[NameOf(path, name, member.Name)] = Values(path, $"{name}.{member.Name}", member.Value);
        }

        string model = settings.TryGetValue(Model, out IReadOnlyList<string>? named) && named is [{ Length: > 0 } only] ? only
            : throw new UsageException($"{path}: '{name}' needs \"model\", a file or a name that 'ls' lists.");
        double share = Share(path, name, settings);
        Dictionary<string, IReadOnlyList<string>> options = settings.Where(s => s.Key is not (Model or System)
            && (s.Key != Budget || share == 0)).ToDictionary();
        try
        {
            ModelOptions bound = CommonOptions.Bind(parse, "", options) with
            {
                SystemPrompt = settings.TryGetValue(System, out IReadOnlyList<string>? system) ? string.Join('\n', system) : null,
            };
            return new ModelPreset(name, model, bound,
                [.. settings.Where(s => s.Key != Model).Select(s => KeyValuePair.Create(s.Key, string.Join(", ", s.Value)))])
            { BudgetShare = share };
        }
        catch (UsageException e)
        {
            throw new UsageException($"{path}: '{name}': {e.Message}");
        }
    }

    private static string NameOf(string path, string preset, string key)
    {
        string plain = SettingSource.Plain(key);
        string[] known = [Model, System, .. CommonOptions.Names.Where(n => n != Model && !s_ofTheDaemon.Contains(n))];
        return plain == "budget" ? Budget : Array.Find(known, n => SettingSource.Plain(n) == plain)
            ?? throw new UsageException($"{path}: '{preset}' has the unknown key '{key}'. Known keys: {string.Join(", ", known)}.");
    }

    private static string[] Values(string path, string place, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => [.. value.EnumerateArray().Select(e => Text(path, place, e))],
        JsonValueKind.Null => [],
        _ => [Text(path, place, value)],
    };

    private static string Text(string path, string place, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        _ => throw new UsageException($"{path}: '{place}' must be a text, a number, or a list of them."),
    };

    private static double Share(string path, string name, Dictionary<string, IReadOnlyList<string>> settings)
    {
        if (!settings.TryGetValue(Budget, out IReadOnlyList<string>? values) || values is not [var text] || !text.EndsWith('%'))
        {
            return 0;
        }

        return double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent)
            && percent is > 0 and <= 100 ? percent / 100
            : throw new UsageException($"{path}: '{name}' has the share '{text}'; it must be above 0 % and at most 100 %.");
    }
}
