using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Activations;

/// <summary>
/// Activation rows of 16-bit integers q, |q| at most 127·254, kept as two digits: q = 254·h + l with h and l from −127 to 127. Each digit's
/// row is an 8-bit row like any other, the low one's scale d and the high one's 254·d, so that every product of bytes serves for both and
/// its integers are as exact as those of 8-bit activations.
/// </summary>
internal static unsafe class ActivationDigits
{
    /// <summary>What a high digit counts for: two digits of at most 127 leave no gap between its multiples.</summary>
    private const float Base = 254;

    /// <summary>The largest integer: no low digit can take the high one above 127.</summary>
    private const float MostInteger = 127 * Base;

    /// <summary>Layout of one digit's row.</summary>
    public static ActivationLayout DigitLayout(ActivationLayout layout) => layout switch
    {
        ActivationLayout.Q16Block32 => ActivationLayout.Q8Block32,
        ActivationLayout.Q16Block256 => ActivationLayout.Q8Block256,
        _ => throw new ArgumentOutOfRangeException(nameof(layout)),
    };

    /// <summary>The layout whose digits have the given one, or F32 for F32.</summary>
    public static ActivationLayout OfDigits(ActivationLayout layout) => layout switch
    {
        ActivationLayout.Q8Block32 => ActivationLayout.Q16Block32,
        ActivationLayout.Q8Block256 => ActivationLayout.Q16Block256,
        _ => layout,
    };

    /// <summary>Writes both rows of a Q16Block32 row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PrepareBlocks32(float* source, int columns, byte* destination)
    {
        long rowBytes = ActivationRow.RowBytes(ActivationLayout.Q8Block32, columns);
        byte* low = destination + rowBytes;
        new Span<byte>(destination + columns, (int)(rowBytes - columns)).Clear();
        new Span<byte>(low + columns, (int)(rowBytes - columns)).Clear();
        for (int i = 0; i < columns; i += 32)
        {
            float inverse = InverseScale(source + i, 32, out float scale);
            Store(source + i, inverse, destination + i, low + i, out int high0, out int low0);
            Store(source + i + 16, inverse, destination + i + 16, low + i + 16, out int high1, out int low1);
            ActivationRow.Record32(destination, columns, i, Base * scale, high0 + high1);
            ActivationRow.Record32(low, columns, i, scale, low0 + low1);
        }
    }

    /// <summary>Writes both rows of a Q16Block256 row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PrepareBlocks256(float* source, int columns, byte* destination)
    {
        byte* low = destination + ActivationRow.RowBytes(ActivationLayout.Q8Block256, columns);
        for (int i = 0; i < columns; i += 256)
        {
            float inverse = InverseScale(source + i, 256, out float scale);
            short* highSums = (short*)(destination + ActivationRow.SumsOffset), lowSums = (short*)(low + ActivationRow.SumsOffset);
            for (int g = 0; g < 16; g++)
            {
                Store(source + i + (16 * g), inverse, destination + (16 * g), low + (16 * g), out int highSum, out int lowSum);
                (highSums[g], lowSums[g]) = ((short)highSum, (short)lowSum);
            }

            ActivationRow.Record256(destination, Base * scale);
            ActivationRow.Record256(low, scale);
            destination += ActivationRow.Block256Bytes;
            low += ActivationRow.Block256Bytes;
        }
    }

    /// <summary>The factor from values to integers and back; both zero when the block is zero or too small to invert.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float InverseScale(float* source, int count, out float scale)
    {
        float largest = ActivationRow.Largest(source, count);
        float inverse = (MostInteger / largest) + (largest * 0); // NaN where a value is infinite, so that it reaches the output
        if (float.IsInfinity(inverse))
        {
            scale = 0;
            return 0;
        }

        scale = 1 / inverse;
        return inverse;
    }

    /// <summary>Sixteen values to two digits each, and the sums of either digit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* source, float inverse, byte* high, byte* low, out int highSum, out int lowSum)
    {
        Vector256<int> high0 = Digits(source, inverse, out Vector256<int> low0);
        Vector256<int> high1 = Digits(source + 8, inverse, out Vector256<int> low1);
        Store(high0, high1, high);
        Store(low0, low1, low);
        Vector256<int> highs = high0 + high1, lows = low0 + low1;
        highSum = SignedDot.Total(highs.GetLower() + highs.GetUpper());
        lowSum = SignedDot.Total(lows.GetLower() + lows.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<int> first, Vector256<int> second, byte* destination)
    {
        Vector256<short> words = Vector256.Narrow(first, second);
        Vector128.Narrow(words.GetLower(), words.GetUpper()).Store((sbyte*)destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Digits(float* source, float inverse, out Vector256<int> low)
    {
        Vector256<float> y = Vector256.Load(source) * inverse;
        Vector256<float> h = Vector256.Round(y * (1 / Base));
        low = Whole(Vector256.Round(Vector256.FusedMultiplyAdd(h, Vector256.Create(-Base), y)));
        return Whole(h);
    }

    /// <summary>Integers, 0 for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Whole(Vector256<float> rounded) =>
        Vector256.Min(Vector256.Max(Vector256.ConvertToInt32(rounded), Vector256.Create(-127)), Vector256.Create(127));
}
