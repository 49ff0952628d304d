using System.Buffers;
using System.Security.Cryptography;
using LayerStream.Actors.Run;
using LayerStream.Sampling;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Chat;

/// <summary>A protocol that tells thought, text and tool calls apart.</summary>
internal abstract class ParsedShape : AnswerShape
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private const int UsualIdLength = 24;
    private readonly AnswerOpening _opening;
    private AnswerParser? _parser;
    private List<TokenLogProbabilities>? _waiting;

    protected ParsedShape(AnswerOpening opening, ArrayBufferWriter<byte>? buffer = null)
        : base(buffer) => _opening = opening;

    /// <summary>Whole calls so far.</summary>
    protected int WholeCalls { get; private set; }

    /// <summary>Whether it is still open what the last characters are.</summary>
    protected bool IsHolding => Parser.IsHolding;

    /// <summary>Log-probabilities of the tokens that have come since they were last taken; null = none.</summary>
    protected IReadOnlyList<TokenLogProbabilities>? TakeProbabilities()
    {
        List<TokenLogProbabilities>? taken = _waiting;
        _waiting = null;
        return taken;
    }

    public sealed override void Piece(string text, IReadOnlyList<TokenLogProbabilities>? probabilities)
    {
        if (probabilities is not null)
        {
            (_waiting ??= []).AddRange(probabilities);
        }

        Begin();
        Parser.Append(text);
        EndPiece();
    }

    public sealed override void End(RunResult result)
    {
        Begin();
        Parser.Finish();
        End(result, result.FinishReason == "stop" && WholeCalls > 0 ? "tool_calls" : result.FinishReason);
    }

    /// <summary>An id for a call: the model's own, or a new one of the length it knows.</summary>
    protected string IdOf(AnswerEvent start)
    {
        int length = _opening.Format.IdLength;
        return start.Id is { Length: > 0 } own ? own
            : length > 0 ? RandomNumberGenerator.GetString(Letters, length)
            : "call_" + RandomNumberGenerator.GetString(Letters, UsualIdLength);
    }

    /// <summary>Before the first event, and again before each piece.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>Behind the events of a piece.</summary>
    protected virtual void EndPiece()
    {
    }

    /// <summary>An event of the parser.</summary>
    protected abstract void Take(AnswerEvent item);

    /// <summary>The end of a complete answer.</summary>
    protected abstract void End(RunResult result, string reason);

    private AnswerParser Parser => _parser ??= _opening.Parse(Hear);

    private void Hear(AnswerEvent item)
    {
        WholeCalls += item.Part == AnswerPart.CallEnd ? 1 : 0;
        Take(item);
    }
}
