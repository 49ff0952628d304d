namespace LayerStream.Sampling;

/// <summary>What a sampler step sees.</summary>
/// <param name="logits">One value per token of the vocabulary; steps may write to it.</param>
/// <param name="history">Tokens so far, prompt and reply, oldest first.</param>
/// <param name="candidates">The tokens still in play once a selection step has run.</param>
/// <param name="tokenBytes">Bytes of a token by id, or null where the chain was built without them.</param>
/// <param name="random">The chain's random numbers.</param>
public readonly ref struct SamplerContext(
    Span<float> logits, IReadOnlyList<int> history, Candidates candidates, Func<int, ReadOnlyMemory<byte>>? tokenBytes, Xoshiro256 random)
{
    private readonly Xoshiro256 _random = random;
    private readonly Func<int, ReadOnlyMemory<byte>>? _tokenBytes = tokenBytes;

    /// <summary>One value per token of the vocabulary, in logit units; negative infinity = masked.</summary>
    public Span<float> Logits { get; } = logits;

    /// <summary>Tokens so far, oldest first.</summary>
    public IReadOnlyList<int> History { get; } = history;

    /// <summary>The tokens still in play; empty until <see cref="Candidates.Take"/> or <see cref="Candidates.TakeTop"/>.</summary>
    public Candidates Candidates { get; } = candidates;

    /// <summary>Whether the chain was built with token bytes.</summary>
    public bool KnowsTexts => _tokenBytes is not null;

    /// <summary>The next random number of the chain, in [0, 1).</summary>
    public double NextUniform() => _random.NextDouble();

    /// <summary>Bytes the token stands for; empty if the chain was built without token bytes.</summary>
    public ReadOnlyMemory<byte> TokenBytes(int id) => _tokenBytes is null ? default : _tokenBytes(id);

    /// <summary>Takes the token out of play (before selection only).</summary>
    public void Mask(int id) => Logits[id] = float.NegativeInfinity;
}
