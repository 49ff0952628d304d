namespace LayerStream.Sampling;

/// <summary>Keeps the logits of a step before the sampler changes them.</summary>
internal sealed class LogProbabilityRecorder(int topCount)
{
    private readonly Candidates _top = new();
    private float[] _logits = [];
    private int _count;

    /// <summary>Copies the logits as the model gave them.</summary>
    public void Take(ReadOnlySpan<float> logits)
    {
        if (_logits.Length < logits.Length)
        {
            _logits = new float[logits.Length];
        }

        logits.CopyTo(_logits);
        _count = logits.Length;
    }

    /// <summary>What the logits taken last say of the chosen token.</summary>
    public TokenLogProbabilities Of(int chosen)
    {
        ReadOnlySpan<float> logits = _logits.AsSpan(0, _count);
        double normalizer = LogProbabilities.Normalizer(logits);
        _top.Clear();
        if (topCount > 0)
        {
            _top.TakeTop(logits, topCount);
        }

        LogProbability[] top = new LogProbability[_top.Count];
        for (int i = 0; i < top.Length; i++)
        {
            top[i] = new LogProbability(_top.Ids[i], (float)(_top.Values[i] - normalizer));
        }

        return new TokenLogProbabilities(new LogProbability(chosen, (float)(logits[chosen] - normalizer)), top);
    }
}
