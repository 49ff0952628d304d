using System.Globalization;
using LayerStream.Formats;

namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>A value that a tensor type cannot hold: not finite, or larger than its scales allow.</summary>
/// <param name="type">The type.</param>
/// <param name="element">Index of the value among those given.</param>
/// <param name="value">The value.</param>
public sealed class UnencodableValueException(TensorType type, int element, float value)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"Element {element}, {value}, cannot be held by {type}."))
{
    /// <summary>The type.</summary>
    public TensorType Type { get; } = type;

    /// <summary>Index of the value among those given.</summary>
    public int Element { get; } = element;

    /// <summary>The value.</summary>
    public float Value { get; } = value;
}
