using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Encoding;

/// <summary>Values to whole numbers, halves to the even one.</summary>
internal static unsafe class Rounding
{
    private const int Lanes = 8;

    /// <summary>v·inverse rounded and held to [least, most], as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Whole(Vector256<float> v, Vector256<float> inverse, Vector256<float> least, Vector256<float> most) =>
        Vector256.Min(Vector256.Max(Vector256.Round(v * inverse), least), most);

    /// <summary>Codes (x + shift)·inverse + bias of a multiple of eight values, held to [0, most].</summary>
    public static void Codes(float* values, int count, float shift, float inverse, int bias, int most, byte* codes)
    {
        Vector256<float> s = Vector256.Create(shift), inv = Vector256.Create(inverse), b = Vector256.Create((float)bias);
        Vector256<float> least = Vector256.Create((float)-bias), top = Vector256.Create((float)(most - bias));
        for (int i = 0; i < count; i += Lanes)
        {
            Vector256<int> v = Vector256.ConvertToInt32(Whole(Vector256.Load(values + i) + s, inv, least, top) + b);
            for (int lane = 0; lane < Lanes; lane++)
            {
                codes[i + lane] = (byte)v[lane];
            }
        }
    }
}
