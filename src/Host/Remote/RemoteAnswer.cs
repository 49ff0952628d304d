using System.Text;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Remote;

/// <summary>An answer while it comes.</summary>
/// <param name="model">The model asked for, until the daemon names its own.</param>
internal sealed class RemoteAnswer(string model)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _thought = new();
    private string _model = model;
    private RemoteUsage? _usage;
    private RemoteTimings? _timings;

    /// <summary>Whether anything came.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Why it ended; empty while it goes on.</summary>
    public string FinishReason { get; set; } = "";

    /// <summary>Takes an event.</summary>
    public void Add(RemotePiece piece)
    {
        HasBegun = true;
        _model = piece.Model ?? _model;
        _usage = piece.Usage ?? _usage;
        _timings = piece.Timings ?? _timings;
        if (piece.Choices is [{ } choice, ..])
        {
            _text.Append(choice.Delta?.Content);
            _thought.Append(choice.Delta?.ReasoningContent);
            FinishReason = choice.FinishReason ?? FinishReason;
        }
    }

    /// <summary>Text and figures.</summary>
    public AnswerReport ToReport() => new()
    {
        Text = _text.ToString(),
        Reasoning = _thought.Length == 0 ? null : _thought.ToString(),
        Model = _model,
        PromptTokens = _usage?.PromptTokens ?? 0,
        GeneratedTokens = _usage?.CompletionTokens ?? 0,
        PromptSeconds = (_timings?.PromptMs ?? 0) / 1000,
        DecodeSeconds = (_timings?.PredictedMs ?? 0) / 1000,
        Sweep = _timings is not { } t ? null : new SweepReport
        {
            Passes = t.Passes,
            RowsPerPass = t.RowsPerPass,
            CachedTokens = t.CacheN,
            DraftedTokens = t.DraftN,
            AcceptedTokens = t.DraftNAccepted,
        },
        FinishReason = FinishReason,
    };
}
