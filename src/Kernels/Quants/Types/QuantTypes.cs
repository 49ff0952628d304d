using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Formats;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Encoding;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>The table of tensor types the kernels know: decoder, loops and, for types that can be written, encoder. Adding a type: one
/// file with its operators, one row here.</summary>
internal static unsafe class QuantTypes
{
    private static readonly QuantType?[] s_rows = Index(
        new PlainType<F32>(TensorType.F32) { Encode = PlainEncoders.F32, IsOneRowNarrow = true },
        new PlainType<F16>(TensorType.F16) { Encode = PlainEncoders.F16, IsOneRowNarrow = true },
        new PlainType<BF16>(TensorType.BF16) { Encode = PlainEncoders.BF16, IsOneRowNarrow = true },
        new DecodedType<F64>(TensorType.F64),
        new Type32<Q4_0>(TensorType.Q4_0) { Encode = LargestEncoders.Q4_0, IsOneRowNarrow = true },
        new Type32<Q4_1>(TensorType.Q4_1) { Encode = RangeEncoders.Q4_1, IsOneRowNarrow = true },
        new Type32<Q5_0>(TensorType.Q5_0) { Encode = LargestEncoders.Q5_0 },
        new Type32<Q5_1>(TensorType.Q5_1) { Encode = RangeEncoders.Q5_1 },
        new Type32<Q8_0>(TensorType.Q8_0) { Encode = LargestEncoders.Q8_0, IsOneRowNarrow = true },
        new Type32<Q1_0>(TensorType.Q1_0),
        new Type32<Q2_0>(TensorType.Q2_0),
        new Type32<IQ4_NL>(TensorType.IQ4_NL),
        new Type32<MXFP4>(TensorType.MXFP4) { IsOneRowNarrow = true },
        new Type256<Q2_K>(TensorType.Q2_K) { Encode = MinimumGroupEncoders.Q2_K, IsOneRowNarrow = true },
        new Type256<Q3_K>(TensorType.Q3_K) { Encode = ScaledGroupEncoders.Q3_K, IsOneRowNarrow = true },
        new Type256<Q4_K>(TensorType.Q4_K) { Encode = MinimumGroupEncoders.Q4_K, IsOneRowNarrow = true },
        new Type256<Q5_K>(TensorType.Q5_K) { Encode = MinimumGroupEncoders.Q5_K, IsOneRowNarrow = true },
        new Type256<Q6_K>(TensorType.Q6_K) { Encode = ScaledGroupEncoders.Q6_K, IsOneRowNarrow = true },
        new Type256<IQ4_XS>(TensorType.IQ4_XS) { IsOneRowNarrow = true },
        new Type256<TQ1_0>(TensorType.TQ1_0) { IsOneRowNarrow = true },
        new Type256<TQ2_0>(TensorType.TQ2_0) { IsOneRowNarrow = true },
        new GridType<IQ1_S>(TensorType.IQ1_S),
        new GridType<IQ1_M>(TensorType.IQ1_M),
        new GridType<IQ2_XXS>(TensorType.IQ2_XXS),
        new GridType<IQ2_XS>(TensorType.IQ2_XS),
        new GridType<IQ2_S>(TensorType.IQ2_S),
        new GridType<IQ3_XXS>(TensorType.IQ3_XXS),
        new GridType<IQ3_S>(TensorType.IQ3_S),
        new SixteenthsType(TensorType.NVFP4));

    /// <summary>All rows, by type id.</summary>
    public static IEnumerable<QuantType> All => s_rows.Where(row => row is not null)!;

    /// <summary>The row of a type, or null.</summary>
    public static QuantType? Find(TensorType type) => (uint)type < (uint)s_rows.Length ? s_rows[(int)type] : null;

    private static QuantType?[] Index(params QuantType[] rows)
    {
        var table = new QuantType?[rows.Max(row => (int)row.Type) + 1];
        foreach (QuantType row in rows)
        {
            table[(int)row.Type] = row;
        }

        return table;
    }

    /// <summary>A float type used as it is.</summary>
    private sealed class PlainType<TLoader> : QuantType<TLoader>
        where TLoader : IFloatLoader, IBlockDecoder
    {
        public PlainType(TensorType type)
            : base(type) => SetFloat(
                new BlockLoop<FloatOperatorScalar<TLoader>, WeightPointer, FloatLanes16>(),
                new BlockLoop<FloatOperator256<TLoader>, FloatWeights256, FloatLanes256>(),
                new BlockLoop<FloatOperator512<TLoader>, FloatWeights512, Vector512<float>>());
    }

    /// <summary>A block type that is decoded without vectors and multiplied in floats.</summary>
    private class DecodedType<TDecoder> : QuantType<TDecoder>
        where TDecoder : IBlockDecoder
    {
        public DecodedType(TensorType type)
            : base(type) => SetFloat(
                new DecodedLoop<ScalarColumns<TDecoder>, FloatDotsScalar<F32>>(),
                new DecodedLoop<ScalarColumns<TDecoder>, FloatDots256>(),
                new DecodedLoop<ScalarColumns<TDecoder>, FloatDots512>());
    }

    /// <summary>A block type that unpacks to bytes with factors.</summary>
    private class BytesType<TDecoder, TColumns> : QuantType<TDecoder>
        where TDecoder : IBlockDecoder
        where TColumns : IByteColumns
    {
        public BytesType(TensorType type)
            : base(type) => SetFloat(
                new DecodedLoop<ScalarColumns<TDecoder>, FloatDotsScalar<F32>>(),
                new FusedLoop<TColumns, FusedDots256>(new DecodedLoop<BufferedColumns<TColumns>, FloatDots256>()),
                new FusedLoop<TColumns, FusedDots512>(new DecodedLoop<BufferedColumns<TColumns>, FloatDots512>()));
    }

    /// <summary>A type with a scale per 32 columns or more.</summary>
    private sealed class Type32<TBlock> : BytesType<TBlock, Columns32<TBlock>>
        where TBlock : IBlocksOf32
    {
        public Type32(TensorType type)
            : base(type) => SetInteger(
                ActivationLayout.Q8Block32,
                new Blocks32Scalar<TBlock>(),
                new Blocks32Rows<TBlock>(),
                new PanelLoop<Blocks32Kernel<TBlock, Blocks32Avx2<TBlock, ShortProducts>>>(),
                new PanelLoop<Blocks32Kernel<TBlock, Blocks32Avx2<TBlock, WideProducts>>>(),
                new PanelLoop<Blocks32Kernel<TBlock, Blocks32Avx512<TBlock>>>());
    }

    /// <summary>A type of 256-element blocks with scales within.</summary>
    private sealed class Type256<TBlock> : BytesType<TBlock, Columns256<PlainSource<TBlock>>>
        where TBlock : IBlocksOf256
    {
        public Type256(TensorType type)
            : base(type) => SetInteger(
                ActivationLayout.Q8Block256,
                new Blocks256Scalar<PlainSource<TBlock>>(),
                new Blocks256Rows<PlainSource<TBlock>>(),
                new PanelLoop<Blocks256Kernel<PlainSource<TBlock>, Blocks256Avx2<PlainSource<TBlock>>>>(),
                new PanelLoop<Blocks256Kernel<PlainSource<TBlock>, Blocks256Avx2<PlainSource<TBlock>>>>(),
                new PanelLoop<Blocks256Kernel<PlainSource<TBlock>, Blocks256Avx512<PlainSource<TBlock>>>>());
    }

    /// <summary>A type that takes its values from a look-up grid.</summary>
    private sealed class GridType<TBlock> : BytesType<TBlock, Columns256<GridSource<TBlock>>>
        where TBlock : IGridType
    {
        public GridType(TensorType type)
            : base(type)
        {
            // Read before any loop is compiled, so that the compiler sees the addresses as constants.
            RuntimeHelpers.RunClassConstructor(typeof(Grids).TypeHandle);
            SetInteger(
                ActivationLayout.Q8Block256,
                new Blocks256Scalar<GridSource<TBlock>>(),
                new Blocks256Rows<GridSource<TBlock>>(),
                new PanelLoop<Blocks256Kernel<GridSource<TBlock>, Blocks256Avx2<GridSource<TBlock>>>>(),
                new PanelLoop<Blocks256Kernel<GridSource<TBlock>, Blocks256Avx2<GridSource<TBlock>>>>(),
                new PanelLoop<Blocks256Kernel<GridSource<TBlock>, Blocks256Avx512<GridSource<TBlock>>>>());
        }
    }

    /// <summary>The type with a float scale per 16 columns.</summary>
    private sealed class SixteenthsType : DecodedType<NVFP4>
    {
        public SixteenthsType(TensorType type)
            : base(type) => SetInteger(
                ActivationLayout.Q8Block32,
                new BlockLoop<NVFP4, WeightPointer, FloatLanes16>(),
                new BlockLoop<NVFP4, WeightPointer, FloatLanes16>(),
                new BlockLoop<NVFP4.V256, NVFP4.Weights256, FloatLanes256>(),
                new BlockLoop<NVFP4.V256, NVFP4.Weights256, FloatLanes256>(),
                new BlockLoop<NVFP4.V512, NVFP4.Weights512, Vector512<float>>());
    }
}
