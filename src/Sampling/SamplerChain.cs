using LayerStream.Kernels.Ops;

namespace LayerStream.Sampling;

/// <summary>
/// Logits → token, for one sequence: steps that change logits, then selection, then the draw. The result depends on options,
/// logits, history and seed only. Nothing is allocated after construction when the vocabulary size is given there, otherwise
/// after the first token. Not for use by two threads at once.
/// </summary>
public sealed class SamplerChain
{
    private readonly ISamplerStep[] _logitSteps;
    private readonly ISamplerStep[] _selectionSteps;
    private readonly Func<int, ReadOnlyMemory<byte>>? _tokenBytes;
    private readonly Candidates _candidates = new();
    private readonly Xoshiro256 _random;
    private readonly LogProbabilityRecorder? _recorder;
    private readonly bool _isGreedy;

    /// <summary>Builds the chain of the steps that the options switch on.</summary>
    /// <param name="options">What the request asks for; validated here.</param>
    /// <param name="tokenBytes">Bytes of a token by id, for steps that mask by text; may be null.</param>
    /// <param name="masks">Further steps (a grammar, for example) that run first, on the raw logits.</param>
    /// <param name="vocabularySize">Length of the logits if known; arrays are then made here.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public SamplerChain(
        SamplingOptions options,
        Func<int, ReadOnlyMemory<byte>>? tokenBytes = null,
        IReadOnlyList<ISamplerStep>? masks = null,
        int vocabularySize = 0)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(vocabularySize);
        options.Validate();
        _tokenBytes = tokenBytes;
        _logitSteps = [.. masks ?? [], .. SamplerSteps.LogitSteps(options)];
        _selectionSteps = SamplerSteps.SelectionSteps(options);
        _isGreedy = options.Temperature == 0;
        _recorder = options.LogProbabilities is int top ? new LogProbabilityRecorder(top) : null;
        Seed = options.Seed ?? Random.Shared.NextInt64();
        _random = new Xoshiro256(unchecked((ulong)Seed));
        if (vocabularySize > 0)
        {
            Prepare(vocabularySize, options);
        }
    }

    /// <summary>The seed in use, given or fresh: the same seed draws the same tokens.</summary>
    public long Seed { get; }

    /// <summary>Of the token chosen last; null unless <see cref="SamplingOptions.LogProbabilities"/> asks for them.</summary>
    public TokenLogProbabilities? LogProbabilities { get; private set; }

    /// <summary>Names of the steps that are switched on, in order.</summary>
    public IEnumerable<string> Steps => _logitSteps.Concat(_isGreedy ? [] : _selectionSteps).Select(step => step.Name);

    /// <summary>Chooses the next token.</summary>
    /// <param name="logits">One value per token of the vocabulary; changed in place by penalties and masks.</param>
    /// <param name="history">Prompt and reply so far, oldest first.</param>
    /// <returns>A token id in [0, logits.Length).</returns>
    /// <exception cref="InvalidLogitsException">A logit is NaN or +infinity, or every token is masked.</exception>
    /// <exception cref="FloatEnvironmentException">The calling thread has a floating-point mode in which results would differ.</exception>
    public int Sample(Span<float> logits, IReadOnlyList<int> history)
    {
        FloatEnvironment.Require();
        InvalidLogitsException.ThrowIfAny(logits);
        _recorder?.Take(logits);
        int token = Choose(logits, history);
        LogProbabilities = _recorder?.Of(token);
        return token;
    }

    /// <summary>Draws from here on with the random numbers that another chain would draw with, which is left as it is: for guesses of its
    /// next tokens.</summary>
    public void DrawAs(SamplerChain other) => _random.GoOnAs(other._random);

    private int Choose(Span<float> logits, IReadOnlyList<int> history)
    {
        _candidates.Clear();
        SamplerContext context = new(logits, history, _candidates, _tokenBytes, _random);
        foreach (ISamplerStep step in _logitSteps)
        {
            step.Apply(context);
        }
        int best = ArgMax(logits);
        if (_isGreedy)
        {
            return best;
        }
        foreach (ISamplerStep step in _selectionSteps)
        {
            step.Apply(context);
        }
        _candidates.Take(logits);
        return _candidates.Draw(_random.NextDouble());
    }

    /// <summary>The unmasked token with the highest logit; the lowest id wins ties.</summary>
    /// <exception cref="InvalidLogitsException">No token is left, or a step wrote NaN or +infinity.</exception>
    private static int ArgMax(ReadOnlySpan<float> logits)
    {
        InvalidLogitsException.ThrowIfAny(logits);
        int best = -1;
        float top = float.NegativeInfinity;
        for (int id = 0; id < logits.Length; id++)
        {
            if (logits[id] > top)
            {
                top = logits[id];
                best = id;
            }
        }
        return best >= 0 ? best : throw new InvalidLogitsException(-1, float.NegativeInfinity);
    }

    private void Prepare(int vocabularySize, SamplingOptions options)
    {
        _candidates.Reserve(options.TopK > 0 && options.TopNSigma <= 0 ? Math.Min(options.TopK, vocabularySize) : vocabularySize);
        foreach (PenaltyStep step in _logitSteps.OfType<PenaltyStep>())
        {
            step.Reserve(vocabularySize);
        }
    }
}
