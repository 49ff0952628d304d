using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// IQ2_XS: 256 elements, <c>d:f16 q:u16[32] scales:u8[8]</c>; q has the grid index in nine bits and seven sign bits, the eighth by
/// parity; one nibble s of the scales per 16 elements: y = (d/8)·(2s + 1)·(±grid).
/// </summary>
internal unsafe struct IQ2_XS : IGridType
{
    public static int BlockElements => 256;

    public static int BlockBytes => 74;

    public static int BiasShift => 6;

    public static bool HasSigns => true;

    public static void Decode(byte* source, float* destination) => GridBlock.Decode<IQ2_XS>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* source, GridBlock* block)
    {
        ulong* grid = Grids.Bytes + Grids.IQ2_XS;
        ulong* values = (ulong*)block->Values;
        ushort* q = (ushort*)(source + 2);
        for (int t = 0; t < 32; t++)
        {
            uint word = Unsafe.ReadUnaligned<ushort>(q + t);
            values[t] = grid[word & 511];
            block->Signs[t] = GridBlock.EvenSigns(word >> 9);
        }

        for (int g = 0; g < 16; g++)
        {
            block->Scales[g] = (short)((2 * ((source[66 + (g >> 1)] >> (4 * (g & 1))) & 15)) + 1);
        }

        block->D = Float16.Read(source) * 0.125f;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack512(byte* source, GridBlock* block)
    {
        Vector512<ushort> q = Vector512.Load((ushort*)(source + 2));
        Vector512<ushort> entries = GridLanes.LookUp512(q, Grids.Packed + Grids.IQ2_XS);
        GridLanes.StoreEights(entries, GridLanes.EvenSigns(Vector512.ShiftRightLogical(q, 9)), block);
        GridLanes.NibbleScales(source + 66).Store(block->Scales);
        block->D = Float16.Read(source) * 0.125f;
    }
}
