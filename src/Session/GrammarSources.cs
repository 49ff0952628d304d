using System.Text.Json;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Session;

/// <summary>Grammars from what a user gives: a schema, a grammar in GBNF, a regular expression, or choices.</summary>
public static class GrammarSources
{
    /// <summary>Longest file of a schema or a grammar: both are held in memory while they are read.</summary>
    public const int MostFileBytes = 4 << 20;

    /// <summary>What was given: files of a schema and a grammar, a pattern, choices.</summary>
    public sealed record Given(string? SchemaFile, string? GbnfFile, string? Regex, IReadOnlyList<string> Choices);

    /// <summary>The grammar; null when nothing was given.</summary>
    /// <exception cref="UsageException">More than one was given.</exception>
    /// <exception cref="GrammarException">It cannot be taken.</exception>
    /// <exception cref="UsageException">A file is longer than <see cref="MostFileBytes"/>.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Grammar? Read(Given given, bool checks = false)
    {
        int count = (given.SchemaFile is null ? 0 : 1) + (given.GbnfFile is null ? 0 : 1) + (given.Regex is null ? 0 : 1)
            + (given.Choices.Count == 0 ? 0 : 1);
        if (count > 1)
        {
            throw new UsageException("Give one of a schema, a grammar, a regular expression and choices.");
        }

        return given.SchemaFile is { } schema ? Schema(ReadFile(schema), checks)
            : given.GbnfFile is { } gbnf ? Grammar.FromGbnf(ReadFile(gbnf))
            : given.Regex is { } regex ? Grammar.FromRegex(regex)
            : given.Choices.Count > 0 ? Grammar.FromChoices(given.Choices) : null;
    }

    /// <summary>The grammar of a schema's text.</summary>
    /// <exception cref="GrammarException">It is no JSON, or no schema that can be taken.</exception>
    public static Grammar Schema(string text, bool checks = false)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 2 * GrammarLimits.Nesting });
            return Grammar.FromSchema(document.RootElement.Clone(), checks);
        }
        catch (JsonException e)
        {
            throw IsTooDeep(text)
                ? new GrammarException(
                    GrammarFault.Limit, "nesting", $"The schema is nested more than {GrammarLimits.Nesting} deep.")
                : new GrammarException(GrammarFault.Syntax, "schema", $"The schema is no JSON: {e.Message}");
        }
    }

    // Whether a text is JSON of more levels than are read; finding out takes no recursion.
    private static bool IsTooDeep(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = int.MaxValue });
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The text of a file of a schema or a grammar.</summary>
    /// <exception cref="UsageException">It is longer than <see cref="MostFileBytes"/>.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string ReadFile(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        // A pipe has no length that could be asked for: what is read is counted.
        byte[] bytes = new byte[file.CanSeek ? (int)Math.Min(file.Length, MostFileBytes) + 1 : MostFileBytes + 1];
        int count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        using StreamReader text = new(new MemoryStream(bytes, 0, count));
        return count <= MostFileBytes && count < bytes.Length ? text.ReadToEnd()
            : throw new UsageException($"{path} is longer than the {MostFileBytes >> 20} MiB that a schema or a grammar may have.");
    }
}
