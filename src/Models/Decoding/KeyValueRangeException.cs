namespace LayerStream.Models.Decoding;

/// <summary>A key or value is larger than F16 can hold, so that keeping it would make every later token meaningless.</summary>
/// <param name="layer">Layer that made it.</param>
/// <param name="isPositive">Its sign.</param>
public sealed class KeyValueRangeException(int layer, bool isPositive)
    : Exception($"Layer {layer} has a key or value {(isPositive ? "above 65504" : "below -65504")}, which the KV cache of type f16 "
    + "cannot hold; use --kv-type f32.")
{
    /// <summary>Layer that made it.</summary>
    public int Layer { get; } = layer;
}
