using System.Text;
using System.Text.Json;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Tests.Grammars;

/// <summary>The JSON-Schema-Test-Suite beside the repository.</summary>
internal sealed class SchemaSuite
{
    public int Right { get; private set; }

    public int Wrong { get; private set; }

    public List<string> Failures { get; } = [];

    public SortedDictionary<string, int> Refused { get; } = new(StringComparer.Ordinal);

    public static string? Find(string draft)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = Path.Combine(at.FullName, "shared", "schemas", draft);
            if (Directory.Exists(path))
            {
                return path;
            }
        }

        return null;
    }

    public static SchemaSuite Run(string folder, string dialect)
    {
        SchemaSuite suite = new();
        foreach (string file in Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            using JsonDocument groups = JsonDocument.Parse(File.ReadAllText(file));
            foreach (JsonElement group in groups.RootElement.EnumerateArray())
            {
                suite.Run(group, $"{Path.GetRelativePath(folder, file)}: {group.GetProperty("description").GetString()}", dialect);
            }
        }

        return suite;
    }

    private void Run(JsonElement group, string name, string dialect)
    {
        try
        {
            Grammar grammar = Grammar.FromSchema(WithDialect(group.GetProperty("schema"), dialect), checks: true);
            foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
            {
                Run(grammar, test, $"{name}: {test.GetProperty("description").GetString()}");
            }
        }
        catch (GrammarException e) when (e.Fault == GrammarFault.Empty)
        {
            foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
            {
                Take(!test.GetProperty("valid").GetBoolean(), name);
            }
        }
        catch (GrammarException e) when (e.Fault is GrammarFault.Unsupported or GrammarFault.Limit)
        {
            Refused[e.Feature] = Refused.GetValueOrDefault(e.Feature) + group.GetProperty("tests").GetArrayLength();
        }
        catch (GrammarException e)
        {
            Take(false, $"{name}: {e.Message}");
        }
    }

    private void Run(Grammar grammar, JsonElement test, string name)
    {
        JsonElement data = test.GetProperty("data");
        bool valid = test.GetProperty("valid").GetBoolean();
        (bool accepts, bool isPrefix) = grammar.Match(Encoding.UTF8.GetBytes(data.GetRawText()));
        bool same = grammar.Match(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(data))).Accepts == accepts;
        Take(accepts == valid && same && (isPrefix || !accepts), $"{name}: accepts {accepts}, valid {valid}, same {same}");
    }

    private void Take(bool isRight, string name)
    {
        (Right, Wrong) = isRight ? (Right + 1, Wrong) : (Right, Wrong + 1);
        if (!isRight)
        {
            Failures.Add(name);
        }
    }

    private static JsonElement WithDialect(JsonElement schema, string dialect)
    {
        if (schema.ValueKind != JsonValueKind.Object || schema.TryGetProperty("$schema", out _) || dialect.Length == 0)
        {
            return schema.Clone();
        }

        string text = schema.GetRawText();
        string rest = text[(text.IndexOf('{', StringComparison.Ordinal) + 1)..];
        string comma = rest.TrimStart().StartsWith('}') ? "" : ",";
        using JsonDocument document = JsonDocument.Parse($"{{\"$schema\":\"{dialect}\"{comma}{rest}");
        return document.RootElement.Clone();
    }
}
