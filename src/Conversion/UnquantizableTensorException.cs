using System.Globalization;
using LayerStream.Formats;
using LayerStream.Kernels.Quants.Encoding;

namespace LayerStream.Conversion;

/// <summary>A tensor has a value that the new file cannot hold: not finite, or too large for the type's scales.</summary>
public sealed class UnquantizableTensorException : Exception
{
    /// <param name="file">Path of the model's file.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="element">Index of the value within the tensor.</param>
    /// <param name="inner">The value and the type that cannot hold it.</param>
    public UnquantizableTensorException(string file, TensorInfo tensor, long element, UnencodableValueException inner)
        : base(Describe(file, tensor, element, inner), inner)
    {
        (File, Tensor, Element, Offset, Value, Type) = (file, tensor.Name, element, OffsetOf(tensor, element), inner.Value, inner.Type);
    }

    /// <summary>Path of the model's file.</summary>
    public string File { get; }

    /// <summary>Name of the tensor.</summary>
    public string Tensor { get; }

    /// <summary>Index of the value within the tensor.</summary>
    public long Element { get; }

    /// <summary>Byte offset in the file of the block that holds the value.</summary>
    public long Offset { get; }

    /// <summary>The value.</summary>
    public float Value { get; }

    /// <summary>The type that cannot hold it.</summary>
    public TensorType Type { get; }

    /// <summary>Of the block that holds the element.</summary>
    private static long OffsetOf(TensorInfo tensor, long element) => tensor.Extent.Offset + TensorTypes.Get(tensor.Type).Bytes(element);

    private static string Describe(string file, TensorInfo tensor, long element, UnencodableValueException e) => string.Create(
        CultureInfo.InvariantCulture,
        $"The tensor '{tensor.Name}' has the value {e.Value} at element {element} ({file}, byte {OffsetOf(tensor, element)}), ")
        + (float.IsFinite(e.Value) ? $"too large for {e.Type}. BF16 and F32 hold it." : "which no model should hold: get it again.");
}
