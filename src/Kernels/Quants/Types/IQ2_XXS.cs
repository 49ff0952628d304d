using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// IQ2_XXS: 256 elements, <c>d:f16</c>, then for eight groups of 32 <c>idx:u8[4] w:u32</c>; entry l of a group has the sign bits
/// <c>w &gt;&gt; 7l</c> (seven, the eighth by parity): y = (d/8)·(2·(w &gt;&gt; 28) + 1)·(±grid[idx]).
/// </summary>
internal unsafe struct IQ2_XXS : IGridType
{
    public static int BlockElements => 256;

    public static int BlockBytes => 66;

    public static int BiasShift => 6;

    public static bool HasSigns => true;

    public static void Decode(byte* source, float* destination) => GridBlock.Decode<IQ2_XXS>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* source, GridBlock* block)
    {
        ulong* grid = Grids.Bytes + Grids.IQ2_XXS;
        ulong* values = (ulong*)block->Values;
        for (int g = 0; g < 8; g++)
        {
            byte* index = source + 2 + (8 * g);
            uint w = Unsafe.ReadUnaligned<uint>(index + 4);
            for (int l = 0; l < 4; l++)
            {
                values[(4 * g) + l] = grid[index[l]];
            }

            ((uint*)block->Signs)[g] = GridBlock.FourEvenSigns(w);
            block->Scales[2 * g] = block->Scales[(2 * g) + 1] = (short)((2 * (w >> 28)) + 1);
        }

        block->D = Float16.Read(source) * 0.125f;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack512(byte* source, GridBlock* block)
    {
        Vector512<uint> all = Vector512.Load((uint*)(source + 2));
        Vector512<uint> twice = Avx512F.Shuffle(all, 0b11_11_01_01);
        Vector512<ushort> index = Avx512BW.ConvertToVector512UInt16(Avx512F.ConvertToVector256Int32(all.AsInt64()).AsByte());
        Vector512<ushort> entries = GridLanes.LookUp256(index, Grids.Packed + Grids.IQ2_XXS);
        GridLanes.StoreEights(entries, GridLanes.SevenBitSigns(twice), block);
        GridLanes.TopScales(twice).Store(block->Scales);
        block->D = Float16.Read(source) * 0.125f;
    }
}
