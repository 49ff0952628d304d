using System.Globalization;
using System.Text;
using System.Text.Json;
using LayerStream.Templates;
using LayerStream.Templates.Runtime;
using LayerStream.Tokenization;

namespace LayerStream.Session.Scoring;

/// <summary>Questions from lines of JSON, a window at a time, so that a file of any length takes little memory.</summary>
/// <param name="reader">The lines.</param>
/// <param name="tokenizer">The model's.</param>
/// <param name="template">Writes conversations; null = ChatML.</param>
/// <param name="parseMessages">Whether control tokens in the text of messages are recognised.</param>
public sealed class QuestionReader(TextReader reader, Tokenizer tokenizer, ChatTemplate? template, bool parseMessages)
{
    private const int MostLineChars = 1 << 20; // more than any context takes

    private readonly StringBuilder _line = new();
    private int _number;

    /// <summary>The next questions; none at the end.</summary>
    /// <param name="most">How many.</param>
    /// <param name="mostTokens">No further one is read behind so many tokens of prompts.</param>
    /// <exception cref="UsageException">A line is longer than any context.</exception>
    /// <exception cref="IOException">The lines cannot be read.</exception>
    public IReadOnlyList<QuestionEntry> Read(int most, int mostTokens)
    {
        List<QuestionEntry> entries = [];
        int tokens = 0;
        while (entries.Count < most && tokens < mostTokens && NextLine() is { } line)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                entries.Add(Parse(line));
                tokens += entries[^1].Question?.Prompt.Count ?? 0;
            }
        }

        return entries;
    }

    private string? NextLine()
    {
        _line.Clear();
        int next;
        while ((next = reader.Read()) >= 0 && next != '\n')
        {
            _line.Append((char)next);
            if (_line.Length > MostLineChars)
            {
                throw new UsageException(string.Create(
                    CultureInfo.InvariantCulture, $"Line {_number + 1} has more than {MostLineChars} characters: it is no question."));
            }
        }

        _number++;
        return next < 0 && _line.Length == 0 ? null : _line.ToString();
    }

    private QuestionEntry Parse(string line)
    {
        JsonElement? id = null;
        try
        {
            QuestionLine given = JsonSerializer.Deserialize(line, QuestionJson.Default.QuestionLine)
                ?? throw new UsageException("null is no question");
            id = given.Id;
            return new QuestionEntry(_number, id, given.ToQuestion(tokenizer, template, parseMessages), null);
        }
        catch (Exception e) when (e is JsonException or UsageException or TemplateException or InvalidOperationException)
        {
            return new QuestionEntry(_number, id, null, string.Create(CultureInfo.InvariantCulture, $"line {_number}: {e.Message}"));
        }
    }
}
