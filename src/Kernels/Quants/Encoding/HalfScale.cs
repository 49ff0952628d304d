using System.Runtime.CompilerServices;

namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>Scales as halves.</summary>
internal static unsafe class HalfScale
{
    /// <summary>
    /// The nearest half; the next larger one where that is too small by more than rounding (subnormal halves), since codes would
    /// overflow. Infinite when no half is large enough.
    /// </summary>
    public static Half Cover(float value)
    {
        const float Slack = 1 - (1f / 1024);
        Half half = (Half)value;
        return MathF.Abs((float)half) < MathF.Abs(value) * Slack
            ? BitConverter.UInt16BitsToHalf((ushort)(BitConverter.HalfToUInt16Bits((Half)MathF.CopySign((float)half, value)) + 1))
            : half;
    }

    /// <summary>1 ÷ scale; 0 for 0.</summary>
    public static float Inverse(float scale) => scale == 0 ? 0 : 1 / scale;

    /// <summary>Stores a half at any address.</summary>
    public static void Write(byte* destination, Half value) =>
        Unsafe.WriteUnaligned(destination, BitConverter.HalfToUInt16Bits(value));
}
