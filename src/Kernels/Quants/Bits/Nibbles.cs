using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>Bit patterns shared by the block types. "Split halves": element j &lt; 16 is the low nibble of byte j, element j + 16 the high
/// one.</summary>
internal static unsafe class Nibbles
{
    /// <summary>Sixteen bytes to 32 nibbles in element order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Split256(byte* source)
    {
        Vector128<byte> q = Vector128.Load(source);
        return Vector256.Create(q, Vector128.ShiftRightLogical(q.AsUInt16(), 4).AsByte()) & Vector256.Create((byte)15);
    }

    /// <summary>Two times sixteen bytes, <paramref name="stride"/> bytes apart: their low nibbles, and their high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Halves256(byte* first, int stride, out Vector256<byte> upper)
    {
        Vector256<byte> q = Vector256.Create(Vector128.Load(first), Vector128.Load(first + stride));
        upper = Vector256.ShiftRightLogical(q.AsUInt16(), 4).AsByte() & Vector256.Create((byte)15);
        return q & Vector256.Create((byte)15);
    }

    /// <summary>Orders 256 columns of activations as <see cref="Halves256"/> orders those of weights: of each 64, columns 0–15 of either
    /// block of 32, then columns 16–31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ArrangeHalves(byte* x, byte* to)
    {
        for (int i = 0; i < 256; i += 64)
        {
            Vector256<byte> first = Vector256.Load(x + i), second = Vector256.Load(x + i + 32);
            Avx2.Permute2x128(first, second, 0x20).Store(to + i);
            Avx2.Permute2x128(first, second, 0x31).Store(to + i + 32);
        }
    }

    /// <summary>The same of four times sixteen bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Halves512(byte* first, int stride, out Vector512<byte> upper)
    {
        byte* third = first + (2 * stride);
        Vector512<byte> q = Vector512.Create(Vector256.Create(Vector128.Load(first), Vector128.Load(first + stride)),
            Vector256.Create(Vector128.Load(third), Vector128.Load(third + stride)));
        upper = Vector512.ShiftRightLogical(q.AsUInt16(), 4).AsByte() & Vector512.Create((byte)15);
        return q & Vector512.Create((byte)15);
    }

    /// <summary>Two times sixteen bytes to 64 nibbles in element order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Split512(byte* first, byte* second)
    {
        Vector512<uint> both = Avx512F.InsertVector256(
            Avx512F.BroadcastVector128ToVector512((uint*)first), Avx2.BroadcastVector128ToVector256((uint*)second), 1);
        Vector512<ushort> counts = Vector512.Create(
            (ushort)0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4);
        return Avx512BW.ShiftRightLogicalVariable(both.AsUInt16(), counts).AsByte() & Vector512.Create((byte)15);
    }

    /// <summary>Thirty-two bytes to 64 nibbles: all low ones, then all high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> LowThenHigh512(byte* source)
    {
        Vector512<ushort> both = Twice(source).AsUInt16();
        Vector512<ushort> counts = Vector512.Create(
            (ushort)0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4);
        return Avx512BW.ShiftRightLogicalVariable(both, counts).AsByte() & Vector512.Create((byte)15);
    }

    /// <summary>
    /// Thirty-two bytes in both halves. Not vbroadcasti64x4: the JIT of .NET 10.0.12 scales that instruction's displacement by 16
    /// where the processor scales by 32, and so reads from the wrong address.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Twice(byte* source)
    {
        return Avx512F.InsertVector256(Vector256.Load(source).ToVector512Unsafe(), Vector256.Load(source), 1);
    }

    /// <summary>32 products of unsigned weights and signed activations, added in fours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Dot(Vector256<byte> w, Vector256<sbyte> a) =>
        Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(w, a), Vector256.Create((short)1));

    /// <summary>64 products of unsigned weights and signed activations, added in fours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Dot(Vector512<byte> w, Vector512<sbyte> a) =>
        Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(w, a), Vector512.Create((short)1));

    /// <summary>Lane 0 over the lower half of a vector, lane 1 over the upper.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> SpreadLanes01(Vector128<float> lanes) =>
        Avx512F.PermuteVar16x32(lanes.ToVector256Unsafe().ToVector512Unsafe(),
            Vector512.Create(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));

    /// <summary>Four constants, each in eight 16-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Lanes(int a, int b, int c, int d)
    {
        const long Each = 0x0001000100010001;
        return Vector512.Create(Each * a, Each * a, Each * b, Each * b, Each * c, Each * c, Each * d, Each * d).AsInt16();
    }
}
