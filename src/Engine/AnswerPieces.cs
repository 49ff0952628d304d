using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using LayerStream.Actors.Run;
using LayerStream.Session;
using LayerStream.Templates.Answers;

namespace LayerStream.Engine;

/// <summary>Pieces of an answer out of the model's text: thought, text and whole calls.</summary>
internal sealed class AnswerPieces
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    private const int UsualIdLength = 12;
    private readonly Queue<AnswerPiece> _ready = new();
    private readonly StringBuilder _arguments = new();
    private readonly PreparedAnswer _prepared;
    private readonly AnswerParser _parser;
    private string _id = "", _name = "";
    private int _calls;

    /// <summary>At the beginning of an answer.</summary>
    public AnswerPieces(PreparedAnswer prepared)
    {
        _prepared = prepared;
        _parser = AnswerParser.Create(prepared.Format, prepared.Tools, prepared.OpensThought, Take);
        _parser.Append(prepared.Begun);
    }

    /// <summary>Takes an event of the generation.</summary>
    public void Add(GenerationEvent item)
    {
        if (item.Text is { Length: > 0 } text)
        {
            _parser.Append(text);
        }
    }

    /// <summary>The answer has ended.</summary>
    public void Finish() => _parser.Finish();

    /// <summary>The next piece that is whole.</summary>
    public bool TryTake([NotNullWhen(true)] out AnswerPiece? piece) => _ready.TryDequeue(out piece);

    /// <summary>The last piece.</summary>
    public AnswerPiece End(RunResult result) => new(AnswerPieceKind.End, "")
    {
        Figures = new AnswerFigures(_calls > 0 && result.FinishReason == "stop" ? "tool_calls" : result.FinishReason, result.PromptTokens,
            result.CachedTokens, result.GeneratedTokens, result.PromptSeconds, result.DecodeSeconds,
            result.PromptBytes + result.BytesStreamed),
    };

    private void Take(AnswerEvent item)
    {
        switch (item.Part)
        {
            case AnswerPart.Text:
            case AnswerPart.CallBroken: // what is no whole call stays text
                _ready.Enqueue(new AnswerPiece(AnswerPieceKind.Text, item.Text));
                break;
            case AnswerPart.Reasoning:
                _ready.Enqueue(new AnswerPiece(AnswerPieceKind.Thought, item.Text));
                break;
            case AnswerPart.CallStart:
                (_id, _name) = (item.Id ?? NewId(), item.Text);
                _arguments.Clear();
                break;
            case AnswerPart.CallArguments:
                _arguments.Append(item.Text);
                break;
            case AnswerPart.CallEnd:
                _calls++;
                string arguments = _arguments.Length == 0 ? "{}" : _arguments.ToString();
                _ready.Enqueue(new AnswerPiece(AnswerPieceKind.Call, "") { Call = new ToolCall(_id, _name, arguments) });
                break;
            default:
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"The answer has a part {item.Part}."));
        }
    }

    private string NewId() => Random.Shared.GetString(Letters, _prepared.Format.IdLength > 0 ? _prepared.Format.IdLength : UsualIdLength);
}
