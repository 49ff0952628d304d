using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>Scales of eight blocks that lie a fixed distance apart.</summary>
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
        Vector128<uint> low = Vector128.Create(Word(first), Word(first + stride), Word(first + (2 * stride)), Word(first + (3 * stride)));
        first += 4 * stride;
        Vector128<uint> high = Vector128.Create(Word(first), Word(first + stride), Word(first + (2 * stride)), Word(first + (3 * stride)));
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
        Vector128<uint> low = Vector128.Create(Word(first), Word(first + stride), Word(first + (2 * stride)), Word(first + (3 * stride)));
        first += 4 * stride;
        return Vector256.Create(low, Vector128.Create(Word(first), Word(first + stride), Word(first + (2 * stride)),
            Word(first + (3 * stride)))).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Word(byte* at) => Unsafe.ReadUnaligned<uint>(at);

    /// <summary>Four halves, <paramref name="stride"/> bytes apart, each twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HalvesTwice(byte* first, int stride)
    {
        Vector128<uint> four = Vector128.Create(
            Unsafe.ReadUnaligned<ushort>(first), (uint)Unsafe.ReadUnaligned<ushort>(first + stride),
                Unsafe.ReadUnaligned<ushort>(first + (2 * stride)), Unsafe.ReadUnaligned<ushort>(first + (3 * stride)));
        Vector128<float> d = Float16.ToSingle(four);
        return Vector256.Create(Vector128.Shuffle(d, Vector128.Create(0, 0, 1, 1)), Vector128.Shuffle(d, Vector128.Create(2, 2, 3, 3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Words(byte* first, int stride)
    {
        Vector128<ushort> words = Vector128.CreateScalar((uint)Unsafe.ReadUnaligned<ushort>(first)).AsUInt16();
        words = words.WithElement(1, Unsafe.ReadUnaligned<ushort>(first + stride));
        words = words.WithElement(2, Unsafe.ReadUnaligned<ushort>(first + (2 * stride)));
        words = words.WithElement(3, Unsafe.ReadUnaligned<ushort>(first + (3 * stride)));
        words = words.WithElement(4, Unsafe.ReadUnaligned<ushort>(first + (4 * stride)));
        words = words.WithElement(5, Unsafe.ReadUnaligned<ushort>(first + (5 * stride)));
        words = words.WithElement(6, Unsafe.ReadUnaligned<ushort>(first + (6 * stride)));
        return words.WithElement(7, Unsafe.ReadUnaligned<ushort>(first + (7 * stride)));
    }
}
