using System.Runtime.Intrinsics;
using LayerStream.Formats;

namespace LayerStream.Kernels;

/// <summary>The table of tensor types the kernels know. Adding a type: one file with its operators, one row here.</summary>
internal static class QuantTypes
{
    private static readonly QuantType?[] Rows = Index(
        new PlainType<F32>(TensorType.F32),
        new PlainType<F16>(TensorType.F16),
        new PlainType<BF16>(TensorType.BF16),
        new IntegerType<Q4_0, Q4_0.V256, NibblePair256, Q4_0.V512, NibblePair512>(TensorType.Q4_0),
        new IntegerType<Q4_1, Q4_1.V256, NibblePair256, Q4_1.V512, NibblePair512>(TensorType.Q4_1),
        new IntegerType<Q8_0, Q8_0.V256, NibblePair256, Q8_0.V512, Q8_0.SignedPair512>(TensorType.Q8_0),
        new IntegerType<Q4_K, Q4_K.V256, Q4_K.Scaled256, Q4_K.V512, Q4_K.Scaled512>(TensorType.Q4_K),
        new IntegerType<Q6_K, Q6_K.V256, Q6_K.Scaled256, Q6_K.V512, Q6_K.Scaled512>(TensorType.Q6_K),
        new DecodedType<Q5_0>(TensorType.Q5_0),
        new DecodedType<Q5_1>(TensorType.Q5_1),
        new DecodedType<Q1_0>(TensorType.Q1_0),
        new DecodedType<Q2_0>(TensorType.Q2_0),
        new DecodedType<Q2_K>(TensorType.Q2_K),
        new DecodedType<Q3_K>(TensorType.Q3_K),
        new DecodedType<Q5_K>(TensorType.Q5_K),
        new DecodedType<IQ4_NL>(TensorType.IQ4_NL),
        new DecodedType<IQ4_XS>(TensorType.IQ4_XS),
        new DecodedType<MXFP4>(TensorType.MXFP4),
        new DecodedType<NVFP4>(TensorType.NVFP4),
        new DecodedType<TQ1_0>(TensorType.TQ1_0),
        new DecodedType<TQ2_0>(TensorType.TQ2_0));

    /// <summary>All rows, by type id.</summary>
    public static IEnumerable<QuantType> All => Rows.Where(row => row is not null)!;

    /// <summary>The row of a type, or null.</summary>
    public static QuantType? Find(TensorType type) => (uint)type < (uint)Rows.Length ? Rows[(int)type] : null;

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
                new BlockLoop<FloatOperatorScalar<TLoader>, float, double>(),
                new BlockLoop<FloatOperator256<TLoader>, FloatWeights256, Vector256<float>>(),
                new BlockLoop<FloatOperator512<TLoader>, FloatWeights512, Vector512<float>>());
    }

    /// <summary>A block type that is decoded and multiplied in floats.</summary>
    private class DecodedType<TDecoder> : QuantType<TDecoder>
        where TDecoder : IBlockDecoder
    {
        public DecodedType(TensorType type)
            : base(type) => SetFloat(
                new DecodedLoop<TDecoder, FloatOperatorScalar<F32>, float, double>(),
                new DecodedLoop<TDecoder, FloatOperator256<F32>, FloatWeights256, Vector256<float>>(),
                new DecodedLoop<TDecoder, FloatOperator512<F32>, FloatWeights512, Vector512<float>>());
    }

    /// <summary>A block type with integer operators.</summary>
    private sealed class IntegerType<TBlock, T256, TWeights256, T512, TWeights512> : DecodedType<TBlock>
        where TBlock : IBlockDecoder, IBlockOperator<WeightPointer, double>
        where T256 : IBlockOperator<TWeights256, Vector256<float>>
        where TWeights256 : unmanaged
        where T512 : IBlockOperator<TWeights512, Vector512<float>>
        where TWeights512 : unmanaged
    {
        public IntegerType(TensorType type)
            : base(type) => SetInteger(
                TBlock.Layout,
                new BlockLoop<TBlock, WeightPointer, double>(),
                new BlockLoop<T256, TWeights256, Vector256<float>>(),
                new BlockLoop<T512, TWeights512, Vector512<float>>());
    }
}
