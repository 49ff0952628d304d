namespace LayerStream.Planning.Experts;

/// <summary>
/// Discounted chance of an expert's next use, from its own past: decayed use at three rates and the time since the last one. The factors
/// are a least-squares fit over recorded routing of three models to 0.75^t, t = tokens until the next use; fitted on two and tried on the
/// third, they lose a point of Belady's gain at most, so they are constants. The features and decays were chosen on all three.
/// </summary>
internal sealed class UseHistory(int layers, int experts)
{
    private const float FastDecay = 0.6f, FastFactor = 0.154f;
    private const float MiddleDecay = 0.9f, MiddleFactor = 0.065f;
    private const float SlowDecay = 0.98f, SlowFactor = 0.335f;
    private const float RecencyFactor = 0.165f, RecencyTokens = 16;

    private readonly float[] _fast = new float[layers * experts];
    private readonly float[] _middle = new float[layers * experts];
    private readonly float[] _slow = new float[layers * experts];
    private readonly float[] _age = Never(layers * experts); // touches of the layer since the last use

    /// <summary>Counts one touch of a layer and writes the values of its experts.</summary>
    internal void Touch(int layer, ReadOnlySpan<int> routed, Span<float> values)
    {
        Span<float> fast = _fast.AsSpan(layer * experts, experts), middle = _middle.AsSpan(layer * experts, experts);
        Span<float> slow = _slow.AsSpan(layer * experts, experts), age = _age.AsSpan(layer * experts, experts);
        for (int e = 0; e < experts; e++)
        {
            fast[e] *= FastDecay;
            middle[e] *= MiddleDecay;
            slow[e] *= SlowDecay;
            age[e]++;
        }

        foreach (int e in routed)
        {
            fast[e] += 1 - FastDecay;
            middle[e] += 1 - MiddleDecay;
            slow[e] += 1 - SlowDecay;
            age[e] = 0;
        }

        for (int e = 0; e < experts; e++)
        {
            values[e] = (FastFactor * fast[e]) + (MiddleFactor * middle[e]) + (SlowFactor * slow[e])
                + (RecencyFactor / (1 + (age[e] / RecencyTokens)));
        }
    }

    private static float[] Never(int length)
    {
        float[] ages = new float[length];
        Array.Fill(ages, 64);
        return ages;
    }
}
