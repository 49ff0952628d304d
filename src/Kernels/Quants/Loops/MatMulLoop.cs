using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>A matrix product loop specialised for one tensor type, activation layout and instruction-set level. Stateless.</summary>
internal abstract unsafe class MatMulLoop
{
    /// <summary>y[t·yStride + r] = Σ w[r,i]·x[t,i]; see <see cref="MatMul.Multiply"/>.</summary>
    public abstract void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride);

    /// <summary>The loop for 16-bit activations, either digit of which this one takes.</summary>
    /// <param name="layout">Layout of a digit's row.</param>
    public virtual MatMulLoop OfDigits(ActivationLayout layout) => new DigitsLoop(this, layout);
}
