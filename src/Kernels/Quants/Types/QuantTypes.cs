using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Formats;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>The table of tensor types the kernels know. Adding a type: one file with its operators, one row here.</summary>
internal static class QuantTypes
{
    private static readonly QuantType?[] Rows = Index(
        new PlainType<F32>(TensorType.F32),
        new PlainType<F16>(TensorType.F16),
        new PlainType<BF16>(TensorType.BF16),
        new DecodedType<F64>(TensorType.F64),
        new GridType<IQ1_S>(TensorType.IQ1_S),
        new GridType<IQ1_M>(TensorType.IQ1_M),
        new GridType<IQ2_XXS>(TensorType.IQ2_XXS),
        new GridType<IQ2_XS>(TensorType.IQ2_XS),
        new GridType<IQ2_S>(TensorType.IQ2_S),
        new GridType<IQ3_XXS>(TensorType.IQ3_XXS),
        new GridType<IQ3_S>(TensorType.IQ3_S),
        new StepType<Q4_0, Q4_0.V256>(TensorType.Q4_0)
            .WithArm(new BlockLoop<ArmStep<ArmQ4_0>, ArmWeights, Vector128<float>>()),
        new StepType<Q4_1, Q4_1.V256>(TensorType.Q4_1)
            .WithArm(new BlockLoop<ArmStep<ArmQ4_1>, ArmWeights, Vector128<float>>()),
        new StepType<Q8_0, Q8_0.V256>(TensorType.Q8_0)
            .WithArm(new BlockLoop<ArmStep<ArmQ8_0>, ArmWeights, Vector128<float>>()),
        new SuperBlockType<Q4_K, Q4_K.V256, Q4_K.Scaled256>(TensorType.Q4_K)
            .WithArm(new BlockLoop<ArmSuperBlock<ArmQ4_K>, ArmSuperWeights, Vector128<float>>()),
        new SuperBlockType<Q6_K, Q6_K.V256, Q6_K.Scaled256>(TensorType.Q6_K)
            .WithArm(new BlockLoop<ArmSuperBlock<ArmQ6_K>, ArmSuperWeights, Vector128<float>>()),
        new SignedStepType<Q5_0>(TensorType.Q5_0),
        new StepType<Q5_1, Q5_1.V256>(TensorType.Q5_1),
        new IntegerType<Q1_0, Q1_0.V256, Q1_0.Both256, Q1_0.V512, Q1_0.Both512>(TensorType.Q1_0),
        new SignedStepType<Q2_0>(TensorType.Q2_0),
        new SuperBlockType<Q2_K, SuperBlock256<Q2_K>, SuperWeights256>(TensorType.Q2_K),
        new SuperBlockType<Q3_K, SuperBlock256<Q3_K>, SuperWeights256>(TensorType.Q3_K),
        new SuperBlockType<Q5_K, SuperBlock256<Q5_K>, SuperWeights256>(TensorType.Q5_K),
        new SignedStepType<IQ4_NL>(TensorType.IQ4_NL),
        new SuperBlockType<IQ4_XS, SuperBlock256<IQ4_XS>, SuperWeights256>(TensorType.IQ4_XS),
        new SignedStepType<MXFP4>(TensorType.MXFP4),
        new SixteenStepType<NVFP4>(TensorType.NVFP4),
        new SuperBlockType<TQ1_0, SuperBlock256<TQ1_0>, SuperWeights256>(TensorType.TQ1_0),
        new SuperBlockType<TQ2_0, SuperBlock256<TQ2_0>, SuperWeights256>(TensorType.TQ2_0));

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

    /// <summary>A type that takes its values from a look-up grid.</summary>
    private sealed class GridType<TBlock> : DecodedType<TBlock>
        where TBlock : IGridType
    {
        public GridType(TensorType type)
            : base(type)
        {
            // Read before any loop is compiled, so that the compiler sees the addresses as constants.
            RuntimeHelpers.RunClassConstructor(typeof(Grids).TypeHandle);
            SetInteger(
                ActivationLayout.Q8Block256,
                new GridLoop<GridScalar<TBlock>, WeightPointer, double>(),
                new GridLoop<Grid256<TBlock>, GridWeights256, Vector256<float>>(),
                new PanelLoop<SuperKernel<GridSuper<TBlock>>>());
        }
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

    /// <summary>A block type that unpacks to bytes.</summary>
    private sealed class StepType<TBlock, T256> : DecodedType<TBlock>
        where TBlock : IBlockDecoder, IBlockOperator<WeightPointer, double>, IByteStep
        where T256 : IBlockOperator<NibblePair256, Vector256<float>>
    {
        public StepType(TensorType type)
            : base(type) => SetInteger(
                ActivationLayout.Q8Block32,
                new BlockLoop<TBlock, WeightPointer, double>(),
                new BlockLoop<T256, NibblePair256, Vector256<float>>(),
                new PanelLoop<StepKernel<TBlock>>());
    }

    /// <summary>A block type that unpacks to signed bytes.</summary>
    private sealed class SignedStepType<TBlock> : DecodedType<TBlock>
        where TBlock : ISignedStep, IByteStep
    {
        public SignedStepType(TensorType type)
            : base(type) => SetInteger(
                ActivationLayout.Q8Block32,
                new BlockLoop<SignedStepScalar<TBlock>, WeightPointer, double>(),
                new BlockLoop<SignedStep256<TBlock>, NibblePair256, Vector256<float>>(),
                new PanelLoop<StepKernel<TBlock>>());
    }

    /// <summary>The same with scales of 16 columns.</summary>
    private sealed class SixteenStepType<TBlock> : DecodedType<TBlock>
        where TBlock : ISignedStep512
    {
        public SixteenStepType(TensorType type)
            : base(type) => SetInteger(
                ActivationLayout.Q8Block32,
                new BlockLoop<SignedStepScalar<TBlock>, WeightPointer, double>(),
                new BlockLoop<SignedStep256<TBlock>, NibblePair256, Vector256<float>>(),
                new BlockLoop<SignedStep512<TBlock>, SignedWeights512, Vector512<float>>());
    }

    /// <summary>A type of 256-element blocks with scales within.</summary>
    private sealed class SuperBlockType<TBlock, T256, TWeights256> : DecodedType<TBlock>
        where TBlock : ISuperBlock
        where T256 : IBlockOperator<TWeights256, Vector256<float>>
        where TWeights256 : unmanaged
    {
        public SuperBlockType(TensorType type)
            : base(type) => SetInteger(
                ActivationLayout.Q8Block256,
                new BlockLoop<SuperBlockScalar<TBlock>, WeightPointer, double>(),
                new BlockLoop<T256, TWeights256, Vector256<float>>(),
                new PanelLoop<SuperKernel<PlainSuper<TBlock>>>());
    }
}
