using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Bits;

/// <summary>Signs, single bits and sixteen-entry tables.</summary>
internal static unsafe class Signs
{
    /// <summary>a, negated where w is negative (512 bits have no sign instruction).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> Apply(Vector512<sbyte> a, Vector512<sbyte> w) =>
        Vector512.ConditionalSelect(Vector512.LessThan(w, Vector512<sbyte>.Zero), Vector512<sbyte>.Zero - a, a);

    /// <summary>Bit j of 32 to byte j: all ones or zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Mask256(uint bits)
    {
        Vector256<byte> each = Vector256.Create(0x8040201008040201ul).AsByte();
        Vector256<byte> index = Vector256.Create(0ul, 0x0101010101010101ul, 0x0202020202020202ul, 0x0303030303030303ul).AsByte();
        return Vector256.Equals(Shuffle(Vector256.Create(bits).AsByte(), index) & each, each);
    }

    /// <summary>Bit j of 64 to byte j: all ones or zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Mask512(uint first, uint second)
    {
        Vector512<byte> each = Vector512.Create(0x8040201008040201ul).AsByte();
        Vector512<byte> index = Vector512.Create(
            0ul, 0x0101010101010101ul, 0x0202020202020202ul, 0x0303030303030303ul, 0x0404040404040404ul, 0x0505050505050505ul,
                0x0606060606060606ul, 0x0707070707070707ul).AsByte();
        return Vector512.Equals(Avx512BW.Shuffle(Vector512.Create(first | ((ulong)second << 32)).AsByte(), index) & each, each);
    }

    /// <summary>Bit <paramref name="bit"/> (a constant) of each byte, moved to bit <paramref name="to"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Plane256(byte* source, int bit, int to)
    {
        Vector256<ushort> all = Vector256.Load(source).AsUInt16();
        Vector256<ushort> moved = bit >= to ? Vector256.ShiftRightLogical(all, bit - to) : Vector256.ShiftLeft(all, to - bit);
        return moved.AsByte() & Vector256.Create((byte)(1 << to));
    }

    /// <summary>
    /// Bit <paramref name="bit"/> (a constant) of 32 bytes, then bit + 1 of the same bytes, all moved to bit <paramref name="to"/>.
    /// A rotation of 32-bit words shifts both ways at once; what crosses into a neighbouring byte is masked away.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Planes512(byte* source, int bit, int to)
    {
        ulong low = 0x0000000100000001ul * (uint)((bit - to) & 31);
        ulong high = 0x0000000100000001ul * (uint)((bit + 1 - to) & 31);
        Vector512<uint> counts = Vector512.Create(low, low, low, low, high, high, high, high).AsUInt32();
        return Avx512F.RotateRightVariable(Nibbles.Twice(source).AsUInt32(), counts).AsByte() & Vector512.Create((byte)(1 << to));
    }

    /// <summary>Two-bit fields <paramref name="field"/> (a constant) and field + 1 of 32 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> FieldPair512(byte* source, int field)
    {
        Vector512<ushort> counts = Nibbles.Lanes(2 * field, 2 * field, 2 * (field + 1), 2 * (field + 1)).AsUInt16();
        return Avx512BW.ShiftRightLogicalVariable(Nibbles.Twice(source).AsUInt16(), counts).AsByte() & Vector512.Create((byte)3);
    }

    /// <summary>Two-bit field <paramref name="field"/> (a constant) of 32 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Field256(byte* source, int field) =>
        Vector256.ShiftRightLogical(Vector256.Load(source).AsUInt16(), 2 * field).AsByte() & Vector256.Create((byte)3);

    /// <summary>Entries of a table of sixteen signed bytes, given as its two little-endian halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Map256(Vector256<byte> index, ulong low, ulong high) =>
        Shuffle(Vector256.Create(low, high, low, high).AsByte(), index).AsSByte();

    /// <summary>The entries for two times sixteen bytes, <paramref name="stride"/> bytes apart, with AVX2: those of their low nibbles,
    /// and of their high ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> MapHalves256(byte* first, int stride, ulong low, ulong high, out Vector256<byte> upper)
    {
        Vector256<byte> q = Vector256.Create(Vector128.Load(first), Vector128.Load(first + stride)),
            table = Vector256.Create(low, high, low, high).AsByte();
        upper = Avx2.Shuffle(table, Vector256.ShiftRightLogical(q.AsUInt16(), 4).AsByte() & Vector256.Create((byte)15));
        return Avx2.Shuffle(table, q & Vector256.Create((byte)15));
    }

    /// <summary>Bytes of each half by indices below 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Shuffle(Vector256<byte> bytes, Vector256<byte> index) => Avx2.IsSupported
        ? Avx2.Shuffle(bytes, index)
        : Vector256.Create(Vector128.Shuffle(bytes.GetLower(), index.GetLower()), Vector128.Shuffle(bytes.GetUpper(), index.GetUpper()));

    /// <summary>Entries of a table of sixteen signed bytes, given as its two little-endian halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> Map512(Vector512<byte> index, ulong low, ulong high) =>
        Avx512BW.Shuffle(Vector512.Create(low, high, low, high, low, high, low, high).AsSByte(), index.AsSByte());
}
