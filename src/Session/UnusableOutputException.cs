using LayerStream.Kernels.Ops;
using LayerStream.Sampling;

namespace LayerStream.Session;

/// <summary>The model gave logits that are no numbers.</summary>
public sealed class UnusableOutputException : Exception
{
    /// <summary>Says why, as far as is known.</summary>
    /// <param name="token">Token whose logit is no number.</param>
    /// <param name="kvType">Type of keys and values, whose range may be smaller than that of what is computed.</param>
    /// <param name="inner">Where it was seen, or null.</param>
    public UnusableOutputException(int token, KvType kvType, InvalidLogitsException? inner = null) : base(
        $"The model's output is not usable: the logit of token {token} is no number."
        + (kvType == KvType.F16 ? " Keys or values beyond the range of f16 (65504) do that: try --kv-type f32."
        : " The file may be damaged; 'verify' tells."), inner)
    {
        Token = token;
        IsKvRounded = kvType == KvType.F16;
    }

    /// <summary>Token whose logit is no number.</summary>
    public int Token { get; }

    /// <summary>Whether a wider type of keys and values is there to try.</summary>
    public bool IsKvRounded { get; }
}
