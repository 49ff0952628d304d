using LayerStream.Formats;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Encoding;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>One row of the table of tensor types: how to decode it, its loops and its encoder.</summary>
internal abstract unsafe class QuantType(TensorType type, int blockElements, int blockBytes)
{
    private readonly MatMulLoop?[] _floats = new MatMulLoop?[Enum.GetValues<IsaLevel>().Length];
    private readonly MatMulLoop?[] _integers = new MatMulLoop?[Enum.GetValues<IsaLevel>().Length];
    private readonly MatMulLoop?[] _digits = new MatMulLoop?[Enum.GetValues<IsaLevel>().Length];

    /// <summary>The tensor type.</summary>
    public TensorType Type => type;

    /// <summary>Elements of a block.</summary>
    public int BlockElements => blockElements;

    /// <summary>Bytes of a block.</summary>
    public int BlockBytes => blockBytes;

    /// <summary>Layout of activations of 8 bits, and of either digit of those of 16; F32 when the type has no integer operators.</summary>
    public ActivationLayout IntegerLayout { get; private set; } = ActivationLayout.F32;

    /// <summary>How blocks are made of values; null for types that are only read.</summary>
    public BlockEncoder? Encode { get; init; }

    /// <summary>Whether one row of activations is multiplied more quickly with AVX2 where AVX-512 is executed in halves.</summary>
    public bool IsOneRowNarrow { get; init; }

    /// <summary>Decodes <paramref name="blocks"/> blocks, bit-exactly.</summary>
    public abstract void Decode(byte* source, float* destination, long blocks);

    /// <summary>The quickest loop of this processor for so many rows of activations; null if the layout does not fit the type.</summary>
    public MatMulLoop? Loop(ActivationLayout layout, int rows)
    {
        bool isDecoded = layout == ActivationLayout.F32 && IntegerLayout != ActivationLayout.F32; // AVX-512 decodes faster anyway
        return Loop(layout, rows == 1 && IsOneRowNarrow && !isDecoded ? Isa.OneRowLevel : Isa.Level);
    }

    /// <summary>The loop of this type for a layout at a level; null if the layout does not fit the type.</summary>
    public MatMulLoop? Loop(ActivationLayout layout, IsaLevel level) =>
        layout == ActivationLayout.F32 ? _floats[(int)level]
        : layout == IntegerLayout ? _integers[(int)level]
        : layout == ActivationDigits.OfDigits(IntegerLayout) ? _digits[(int)level] : null;

    /// <summary>Sets the float loops.</summary>
    protected void SetFloat(MatMulLoop scalar, MatMulLoop vectors, MatMulLoop avx512)
    {
        (_floats[(int)IsaLevel.Scalar], _floats[(int)IsaLevel.AdvSimd]) = (scalar, vectors);
        (_floats[(int)IsaLevel.Avx2], _floats[(int)IsaLevel.AvxVnni], _floats[(int)IsaLevel.Avx512]) = (vectors, vectors, avx512);
    }

    /// <summary>Sets the integer loops.</summary>
    protected void SetInteger(ActivationLayout layout, MatMulLoop scalar, MatMulLoop rows, MatMulLoop avx2, MatMulLoop vnni,
        MatMulLoop avx512)
    {
        IntegerLayout = layout;
        (_integers[(int)IsaLevel.Scalar], _integers[(int)IsaLevel.AdvSimd]) = (scalar, rows);
        (_integers[(int)IsaLevel.Avx2], _integers[(int)IsaLevel.AvxVnni], _integers[(int)IsaLevel.Avx512]) = (avx2, vnni, avx512);
        foreach (IsaLevel level in Enum.GetValues<IsaLevel>())
        {
            _digits[(int)level] = _integers[(int)level]!.OfDigits(layout);
        }
    }
}

/// <summary>A type with a decoder.</summary>
internal abstract unsafe class QuantType<TDecoder>(TensorType type)
    : QuantType(type, TDecoder.BlockElements, TDecoder.BlockBytes)
    where TDecoder : IBlockDecoder
{
    /// <inheritdoc/>
    public override void Decode(byte* source, float* destination, long blocks)
    {
        for (long i = 0; i < blocks; i++)
        {
            TDecoder.Decode(source, destination);
            source += TDecoder.BlockBytes;
            destination += TDecoder.BlockElements;
        }
    }
}
