using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>Scales of eight blocks that lie a fixed distance apart. Reads need no alignment on the processors that have these.</summary>
internal static unsafe class BlockScales
{
    /// <summary>Eight halves, <paramref name="stride"/> bytes apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Halves(byte* first, int stride) =>
        Float16.ToSingle(Vector256.WidenLower(Words(first, stride).ToVector256Unsafe()));

    /// <summary>Eight pairs of halves, <paramref name="stride"/> bytes apart: the first of each, and the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Pairs(byte* first, int stride, out Vector256<float> second)
    {
        Vector128<uint> low = Words32(first, stride), high = Words32(first + (4 * stride), stride);
        if (!Avx512BW.IsSupported)
        {
            Vector256<uint> words = Vector256.Create(low, high);
            second = Float16.ToSingle(Vector256.ShiftRightLogical(words, 16));
            return Float16.ToSingle(words & Vector256.Create(0xFFFFu));
        }

        Vector512<float> both = Float16.ToSingle(Avx512F.ConvertToVector512UInt32(Vector256.Create(low, high).AsUInt16()));
        second = Avx512F.PermuteVar16x32(both, Vector512.Create(1, 3, 5, 7, 9, 11, 13, 15, 1, 3, 5, 7, 9, 11, 13, 15)).GetLower();
        return Avx512F.PermuteVar16x32(both, Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14)).GetLower();
    }

    /// <summary>Eight floats, <paramref name="stride"/> bytes apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Floats(byte* first, int stride)
    {
        return Vector256.Create(Words32(first, stride), Words32(first + (4 * stride), stride)).AsSingle();
    }

    /// <summary>Four halves, <paramref name="stride"/> bytes apart, each twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HalvesTwice(byte* first, int stride)
    {
        Vector128<uint> four = Vector128.Create(
            *(ushort*)first, (uint)*(ushort*)(first + stride), *(ushort*)(first + (2 * stride)), *(ushort*)(first + (3 * stride)));
        Vector128<float> d = Float16.ToSingle(four);
        return Vector256.Create(Vector128.Shuffle(d, Vector128.Create(0, 0, 1, 1)), Vector128.Shuffle(d, Vector128.Create(2, 2, 3, 3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Words32(byte* first, int stride) => Vector128.Create(
        *(uint*)first, *(uint*)(first + stride), *(uint*)(first + (2 * stride)), *(uint*)(first + (3 * stride)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Words(byte* first, int stride)
    {
        Vector128<ushort> words = Vector128.CreateScalar((uint)*(ushort*)first).AsUInt16();
        words = words.WithElement(1, *(ushort*)(first + stride));
        words = words.WithElement(2, *(ushort*)(first + (2 * stride)));
        words = words.WithElement(3, *(ushort*)(first + (3 * stride)));
        words = words.WithElement(4, *(ushort*)(first + (4 * stride)));
        words = words.WithElement(5, *(ushort*)(first + (5 * stride)));
        words = words.WithElement(6, *(ushort*)(first + (6 * stride)));
        return words.WithElement(7, *(ushort*)(first + (7 * stride)));
    }
}
