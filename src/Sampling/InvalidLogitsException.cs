using System.Numerics;

namespace LayerStream.Sampling;

/// <summary>The logits allow no choice: one is NaN or +infinity, or no token is left unmasked.</summary>
/// <param name="token">Id of the first offending token; −1 if every token is masked.</param>
/// <param name="value">Its logit.</param>
public sealed class InvalidLogitsException(int token, float value) : Exception(
    token < 0
        ? "No token can be sampled: all are masked."
        : FormattableString.Invariant($"The logit of token {token} is {value}; the model's output is not usable."))
{
    /// <summary>Id of the first offending token; −1 if every token is masked.</summary>
    public int Token { get; } = token;

    /// <summary>The offending logit.</summary>
    public float Value { get; } = value;

    /// <summary>Throws if a logit is NaN or +infinity.</summary>
    public static void ThrowIfAny(ReadOnlySpan<float> logits)
    {
        int i = 0;
        Vector<float> infinity = new(float.PositiveInfinity);
        while (i <= logits.Length - Vector<float>.Count && Vector.LessThanAll(new Vector<float>(logits[i..]), infinity))
        {
            i += Vector<float>.Count; // NaN is not less than anything, so one comparison finds both
        }

        for (; i < logits.Length; i++)
        {
            if (!(logits[i] < float.PositiveInfinity))
            {
                throw new InvalidLogitsException(i, logits[i]);
            }
        }
    }
}
