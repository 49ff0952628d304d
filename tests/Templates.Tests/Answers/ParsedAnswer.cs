using System.Text;
using System.Text.Json;
using LayerStream.Templates.Answers;
using Xunit;

namespace LayerStream.Templates.Tests.Answers;

/// <summary>An answer after its parser, with neighbouring pieces joined.</summary>
internal sealed class ParsedAnswer
{
    private readonly StringBuilder _text = new(), _reasoning = new(), _order = new();
    private readonly List<StringBuilder> _arguments = [];

    public string Text => _text.ToString();

    public string Reasoning => _reasoning.ToString();

    public List<string> Names { get; } = [];

    public List<string?> Ids { get; } = [];

    public List<string> Broken { get; } = [];

    /// <summary>Everything that happened, in order, whatever the pieces were.</summary>
    public string Events => _order.ToString();

    public string Arguments(int call) => _arguments[call].ToString();

    public static ParsedAnswer Of(AnswerFormat format, OfferedTools tools, bool opensThought, IEnumerable<string> pieces)
    {
        ParsedAnswer answer = new();
        AnswerParser parser = AnswerParser.Create(format, tools, opensThought, answer.Take);
        foreach (string piece in pieces)
        {
            parser.Append(piece);
        }

        parser.Finish();
        return answer;
    }

    /// <summary>The tool that all cases offer.</summary>
    public static OfferedTools Tools()
    {
        OfferedTools tools = new();
        using JsonDocument schema = JsonDocument.Parse("""
            {"type":"object","$defs":{"count":{"type":"integer"}},"properties":{"city":{"type":"string"},"zip":{"type":"string"},
            "days":{"$ref":"#/$defs/count"},"wanted":{"type":"array"},"more":{"type":"object"},"dry":{"type":"boolean"},
            "note":{"type":["string","null"]}}}
            """);
        tools.Add("get_weather", schema.RootElement);
        tools.Add("ping", default);
        return tools;
    }

    private void Take(AnswerEvent item)
    {
        switch (item.Part)
        {
            case AnswerPart.Text:
                _text.Append(item.Text);
                break;
            case AnswerPart.Reasoning:
                _reasoning.Append(item.Text);
                break;
            case AnswerPart.CallStart:
                Assert.Equal(Names.Count, item.Index);
                Names.Add(item.Text);
                Ids.Add(item.Id);
                _arguments.Add(new StringBuilder());
                break;
            case AnswerPart.CallArguments:
                _arguments[item.Index].Append(item.Text);
                break;
            case AnswerPart.CallBroken:
                Broken.Add(item.Text);
                break;
        }

        Note(item);
    }

    private AnswerPart? _last;

    private void Note(AnswerEvent item)
    {
        if (item.Part != _last || item.Part is AnswerPart.CallStart or AnswerPart.CallEnd or AnswerPart.CallBroken)
        {
            _order.Append('\n').Append(item.Part).Append(' ').Append(item.Index).Append(item.Id).Append(": ");
            _last = item.Part;
        }

        _order.Append(item.Text);
    }
}
