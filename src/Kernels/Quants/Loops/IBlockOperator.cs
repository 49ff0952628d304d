using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// One step of a row dot product for one tensor type at one instruction-set level. A step covers a fixed number of columns;
/// <see cref="BlockLoop{TOperator,TWeights,TSum}"/> walks the steps in order, so that the summation order of an output depends on the
/// operator alone.
/// </summary>
/// <typeparam name="TWeights">The weights of a step, unpacked (reused for several tokens).</typeparam>
/// <typeparam name="TSum">Running sum of one output; <c>default</c> is zero.</typeparam>
internal unsafe interface IBlockOperator<TWeights, TSum>
    where TWeights : unmanaged
    where TSum : unmanaged
{
    /// <summary>Columns of a step.</summary>
    static abstract int StepColumns { get; }

    /// <summary>Weight bytes of a step. All-zero bytes must contribute zero.</summary>
    static abstract int StepBytes { get; }

    /// <summary>Layout of the activations.</summary>
    static abstract ActivationLayout Layout { get; }

    /// <summary>Unpacks one step of weights (any alignment; reads <c>StepBytes</c> at most).</summary>
    static abstract TWeights Load(byte* weights);

    /// <summary>Adds the step's products to <paramref name="sum"/>.</summary>
    /// <param name="weights">Result of <see cref="Load"/>.</param>
    /// <param name="values">Activation values of this step.</param>
    /// <param name="scales">Activation scales of this step (Q8Block32 only).</param>
    /// <param name="sum">Running sum.</param>
    static abstract TSum Dot(in TWeights weights, byte* values, byte* scales, TSum sum);

    /// <summary>The output of a finished sum.</summary>
    static abstract float Total(TSum sum);
}
