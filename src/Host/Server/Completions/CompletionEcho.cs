using LayerStream.Sampling;
using LayerStream.Session;

namespace LayerStream.Host.Server.Completions;

/// <summary>A prompt that is repeated in front of its answers.</summary>
/// <param name="prompt">Its token ids.</param>
/// <param name="text">Its text; empty = it is not repeated.</param>
internal sealed class CompletionEcho(int[] prompt, string text)
{
    /// <summary>Bytes held for each token whose log-probability is reported.</summary>
    public const int BytesPerToken = 96;

    private const int BytesPerAlternative = 16;

    /// <summary>The text.</summary>
    public string Text => text;

    /// <summary>Its tokens, once they have been read.</summary>
    public IReadOnlyList<CompletionToken> Tokens { get; private set; } = [];

    /// <summary>Bytes that <see cref="ReadAsync"/> leaves behind.</summary>
    public static long HeldBytes(int tokens, int alternatives) => tokens * (BytesPerToken + ((long)BytesPerAlternative * alternatives));

    /// <summary>Has the model read the prompt, and keeps what it found of each token.</summary>
    public async Task ReadAsync(LoadedModel model, int alternatives, CancellationToken ct)
    {
        List<CompletionToken> tokens = [new CompletionToken(prompt[0], null)];
        await model.Engine.LogitsAsync(prompt, (row, logits) =>
        {
            if (row + 1 < prompt.Length)
            {
                int next = prompt[row + 1];
                tokens.Add(new CompletionToken(next, TokenLogProbabilities.Of(logits.Span, next, alternatives)));
            }
        }, ct);
        Tokens = tokens;
    }
}
