using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// AVX-512 steps of unpacking grid types. The packed grid is small enough to be looked up by permutations of registers, which beats one
/// load and insertion per entry.
/// </summary>
internal static unsafe class GridLanes
{
    /// <summary>Entries of a grid of 256 words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> LookUp256(Vector512<ushort> index, ushort* grid) =>
        Choose(index, 7, LookUp128(index, grid), LookUp128(index, grid + 128));

    /// <summary>Entries of a grid of 512 words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> LookUp512(Vector512<ushort> index, ushort* grid) =>
        Choose(index, 8, LookUp256(index, grid), LookUp256(index, grid + 256));

    /// <summary>Entries of a grid of 1024 words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> LookUp1024(Vector512<ushort> index, ushort* grid) =>
        Choose(index, 9, LookUp512(index, grid), LookUp512(index, grid + 512));

    /// <summary>Entries of a grid of 2048 words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> LookUp2048(Vector512<ushort> index, ushort* grid) =>
        Choose(index, 10, LookUp1024(index, grid), LookUp1024(index, grid + 1024));

    /// <summary>Level numbers of 64 elements: entries 8j … 8j + 7 of a two-bit grid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Eights(Vector512<ushort> entries, int j) =>
        Avx512BW.ShiftRightLogicalVariable(EachFourTimes(entries, j), Vector512.Create(0x0006000400020000).AsUInt16()).AsByte()
            & Vector512.Create((byte)3);

    /// <summary>Level numbers of 64 elements: entries 16j … 16j + 15 of a three-bit grid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Fours(Vector512<ushort> entries, int j)
    {
        Vector512<ushort> each = Vector512.Create(
            (ushort)0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15);
        Vector512<ushort> twice = Avx512BW.PermuteVar32x16(entries, each + Vector512.Create((ushort)(16 * j)));
        return Avx512BW.ShiftRightLogicalVariable(twice, Vector512.Create(0x0004000000040000).AsUInt16()).AsByte()
            & Vector512.Create((byte)7);
    }

    /// <summary>Words 8j … 8j + 7, each four times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> EachFourTimes(Vector512<ushort> words, int j)
    {
        Vector512<ushort> each = Vector512.Create(
            (ushort)0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7);
        return Avx512BW.PermuteVar32x16(words, each + Vector512.Create((ushort)(8 * j)));
    }

    /// <summary>Completes seven sign bits per word to eight, an even number of them set, and doubles the byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> EvenSigns(Vector512<ushort> bits)
    {
        const ulong Low = 0x8000008000808000;
        const ulong High = 0x0080800080000080;
        Vector512<byte> odd = Vector512.Create(Low, High, Low, High, Low, High, Low, High).AsByte();
        Vector512<ushort> folded = (bits ^ Vector512.ShiftRightLogical(bits, 4)) & Vector512.Create((ushort)15);
        return Doubled(bits | Avx512BW.Shuffle(odd, folded.AsByte()).AsUInt16());
    }

    /// <summary>The low byte of every word in both bytes; the high bytes must be zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> Doubled(Vector512<ushort> words) => words | Vector512.ShiftLeft(words, 8);

    /// <summary>Four groups of seven sign bits from each pair of equal words of 32 bits, in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> SevenBitSigns(Vector512<uint> twice)
    {
        Vector512<uint> x = Avx512F.ShiftRightLogicalVariable(twice, Vector512.Create(14UL << 32).AsUInt32());
        return EvenSigns(((x & Vector512.Create(0x7FU)) | (Vector512.ShiftLeft(x, 9) & Vector512.Create(0x7F0000U))).AsUInt16());
    }

    /// <summary>Odd scales from the top four bits of sixteen words of 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> TopScales(Vector512<uint> words) =>
        Odd(Avx512F.ConvertToVector256Int16(Vector512.ShiftRightLogical(words, 28).AsInt32()));

    /// <summary>Odd scales from the sixteen nibbles of eight bytes, low ones first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> NibbleScales(byte* source) =>
        Odd(Avx2.ConvertToVector256Int16(Interleaved(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(source)).AsByte())));

    /// <summary>The nibbles of the lower eight bytes, low ones first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Interleaved(Vector128<byte> bytes)
    {
        Vector128<byte> nibble = Vector128.Create((byte)15);
        return Sse2.UnpackLow(bytes & nibble, Vector128.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte() & nibble);
    }

    /// <summary>2s + 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Odd(Vector256<short> s) => s + s + Vector256<short>.One;

    /// <summary>Stores 256 values of a two-bit grid with signs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEights(Vector512<ushort> entries, Vector512<ushort> signs, GridBlock* block)
    {
        Signed(Grids.Levels2, Grids.WideBias, Eights(entries, 0), signs, 0).Store(block->Values);
        Signed(Grids.Levels2, Grids.WideBias, Eights(entries, 1), signs, 1).Store(block->Values + 64);
        Signed(Grids.Levels2, Grids.WideBias, Eights(entries, 2), signs, 2).Store(block->Values + 128);
        Signed(Grids.Levels2, Grids.WideBias, Eights(entries, 3), signs, 3).Store(block->Values + 192);
    }

    /// <summary>Stores 256 values of a three-bit grid with signs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFours(
        Vector512<ushort> first, Vector512<ushort> second, Vector512<ushort> signs, ulong levels, int bias, GridBlock* block)
    {
        Signed(levels, bias, Fours(first, 0), signs, 0).Store(block->Values);
        Signed(levels, bias, Fours(first, 1), signs, 1).Store(block->Values + 64);
        Signed(levels, bias, Fours(second, 0), signs, 2).Store(block->Values + 128);
        Signed(levels, bias, Fours(second, 1), signs, 3).Store(block->Values + 192);
    }

    /// <summary>Stores 256 values of the IQ1 grid; bit 2 of both bytes of a word of <paramref name="minus"/>: the entry is shifted
    /// down.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreShifted(Vector512<ushort> entries, Vector512<ushort> minus, GridBlock* block)
    {
        Values(Grids.Levels1, Eights(entries, 0) | EachFourTimes(minus, 0).AsByte()).Store(block->Values);
        Values(Grids.Levels1, Eights(entries, 1) | EachFourTimes(minus, 1).AsByte()).Store(block->Values + 64);
        Values(Grids.Levels1, Eights(entries, 2) | EachFourTimes(minus, 2).AsByte()).Store(block->Values + 128);
        Values(Grids.Levels1, Eights(entries, 3) | EachFourTimes(minus, 3).AsByte()).Store(block->Values + 192);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> LookUp128(Vector512<ushort> index, ushort* grid) => Choose(
        index,
        6,
        Avx512BW.PermuteVar32x16x2(Vector512.Load(grid), index, Vector512.Load(grid + 32)),
        Avx512BW.PermuteVar32x16x2(Vector512.Load(grid + 64), index, Vector512.Load(grid + 96)));

    /// <summary><paramref name="one"/> where the bit of the index is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Choose(Vector512<ushort> index, int bit, Vector512<ushort> zero, Vector512<ushort> one)
    {
        Vector512<ushort> mask = Vector512.Create((ushort)(1 << bit));
        return Vector512.ConditionalSelect(Vector512.Equals(index & mask, Vector512<ushort>.Zero), zero, one);
    }

    /// <summary>
    /// Biased values (bytes of <paramref name="levels"/>) of level numbers, negated about the bias by their sign bits: word 8j + k of
    /// <paramref name="signs"/> holds those of values 8k … 8k + 7 twice.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Signed(ulong levels, int bias, Vector512<byte> numbers, Vector512<ushort> signs, int j)
    {
        Vector512<byte> bits = EachFourTimes(signs, j).AsByte() & Vector512.Create(0x8040201008040201).AsByte();
        ulong negated = (0x0202020202020202UL * (uint)bias) - levels;
        return Vector512.ConditionalSelect(Vector512.Equals(bits, Vector512<byte>.Zero), Values(levels, numbers), Values(negated, numbers));
    }

    /// <summary>Values (bytes of <paramref name="levels"/>) of level numbers 0 … 7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Values(ulong levels, Vector512<byte> numbers) =>
        Avx512BW.Shuffle(Vector512.Create(levels).AsByte(), numbers);
}
