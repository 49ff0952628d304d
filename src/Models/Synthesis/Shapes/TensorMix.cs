using LayerStream.Formats;

namespace LayerStream.Models.Synthesis.Shapes;

/// <summary>Tensor types of a quantisation recipe. Rows that are no whole number of blocks of a type become Q8_0.</summary>
/// <param name="FileType">Value of <c>general.file_type</c>.</param>
/// <param name="Plain">Most matrices.</param>
/// <param name="More">The head, and values and down-projections of some layers.</param>
/// <param name="Experts">Gate and up of experts, and their down in the layers that do not get more.</param>
/// <param name="MoreExperts">Down of experts in the layers that get more.</param>
internal sealed record TensorMix(uint FileType, TensorType Plain, TensorType More, TensorType Experts, TensorType MoreExperts)
{
    /// <summary>4.9 bits per weight.</summary>
    internal static readonly TensorMix MediumFourBits = new(15, TensorType.Q4_K, TensorType.Q6_K, TensorType.Q4_K, TensorType.Q6_K);

    /// <summary>Experts at 4.25 bits as trained, the rest at 8.</summary>
    internal static readonly TensorMix FourBitFloatExperts = new(38, TensorType.Q8_0, TensorType.Q8_0, TensorType.MXFP4, TensorType.MXFP4);

    /// <summary>Whether a layer's values and down-projections get more bits: the first and last eighth, and every third between.</summary>
    internal static bool HasMoreBits(int layer, int layers) => layer < layers / 8 || layer >= 7 * layers / 8
        || (layer - (layers / 8)) % 3 == 2;

    /// <summary>The type, or Q8_0 where the row does not hold whole blocks of it.</summary>
    internal static TensorType Fitting(TensorType type, long columns) => columns % TensorTypes.Get(type).BlockSize == 0 ? type
        : TensorType.Q8_0;
}
