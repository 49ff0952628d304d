using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// IQ1_M: 256 elements, <c>q:u8[32] qh:u8[16] s:u16[4]</c>; a nibble of qh has three further bits of an index and the sign of the shift;
/// s has sixteen scales of three bits and, in its top nibbles, the half d: y = d·(2s + 1)·(grid ± 1/8).
/// </summary>
internal unsafe struct IQ1_M : IGridType
{
    public static int BlockElements => 256;

    public static int BlockBytes => 56;

    public static int BiasShift => 4;

    public static bool HasSigns => false;

    public static void Decode(byte* source, float* destination) => GridBlock.Decode<IQ1_M>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* source, GridBlock* block)
    {
        ulong* grid = Grids.Bytes + Grids.IQ1;
        ulong* values = (ulong*)block->Values;
        ushort* scales = (ushort*)(source + 48);
        for (int t = 0; t < 32; t++)
        {
            int nibble = source[32 + (t >> 1)] >> (4 * (t & 1));
            values[t] = grid[source[t] | ((nibble & 7) << 8)] - ((ulong)((nibble >> 3) & 1) * Grids.Shift);
        }

        for (int k = 0; k < 16; k++)
        {
            block->Scales[k] = (short)((2 * ((Unsafe.ReadUnaligned<ushort>(scales + (k >> 2)) >> (3 * (k & 3))) & 7)) + 1);
        }

        block->D = Half(Unsafe.ReadUnaligned<ulong>(scales)) * 0.125f;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack512(byte* source, GridBlock* block)
    {
        Vector128<byte> high = Vector128.Load(source + 32);
        Vector256<byte> nibbles = Vector256.Create(GridLanes.Interleaved(high),
            GridLanes.Interleaved(Sse2.UnpackHigh(high.AsUInt64(), high.AsUInt64()).AsByte()));
        Vector512<ushort> words = Avx512BW.ConvertToVector512UInt16(nibbles);
        Vector512<ushort> index = Avx512BW.ConvertToVector512UInt16(Vector256.Load(source))
            | Vector512.ShiftLeft(words & Vector512.Create((ushort)7), 8);
        Vector512<ushort> minus = GridLanes.Doubled(Vector512.ShiftRightLogical(words & Vector512.Create((ushort)8), 1));
        GridLanes.StoreShifted(GridLanes.LookUp2048(index, Grids.Packed + Grids.IQ1), minus, block);

        ulong scales = Unsafe.ReadUnaligned<ulong>(source + 48);
        const ulong Each = 0x0100_0100_0100_0100;
        const ulong Two = 0x0202_0202_0202_0202;
        Vector256<byte> spread = Vector256.Create(Each, Each + Two, Each + (2 * Two), Each + (3 * Two)).AsByte();
        Vector256<ushort> s = Avx2.Shuffle(Vector256.Create(scales).AsByte(), spread).AsUInt16();
        s = Avx512BW.VL.ShiftRightLogicalVariable(s, Vector256.Create(0x0009_0006_0003_0000).AsUInt16()) & Vector256.Create((ushort)7);
        GridLanes.Odd(s.AsInt16()).Store(block->Scales);
        block->D = Half(scales) * 0.125f;
    }

    /// <summary>The half in the top nibbles of four words, lowest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Half(ulong words) => Float16.ToSingle(
        (ushort)(((words >> 12) & 0xF) | ((words >> 24) & 0xF0) | ((words >> 36) & 0xF00) | ((words >> 48) & 0xF000)));
}
