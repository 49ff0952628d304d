using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// IQ3_XXS: 256 elements, <c>d:f16 q:u8[64] w:u32[8]</c>; an index brings four values, w serves 32: sign bits <c>w &gt;&gt; 7l</c> for each
/// eight (seven, the eighth by parity): y = (d/4)·(2·(w &gt;&gt; 28) + 1)·(±grid[q]).
/// </summary>
internal unsafe struct IQ3_XXS : IGridType
{
    public static int BlockElements => 256;

    public static int BlockBytes => 98;

    public static int BiasShift => 6;

    public static bool HasSigns => true;

    public static void Decode(byte* source, float* destination) => GridBlock.Decode<IQ3_XXS>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* source, GridBlock* block)
    {
        ulong* grid = Grids.Bytes + Grids.IQ3_XXS;
        ulong* values = (ulong*)block->Values;
        for (int g = 0; g < 8; g++)
        {
            uint w = Unsafe.ReadUnaligned<uint>(source + 66 + (4 * g));
            for (int t = 4 * g; t < 4 * (g + 1); t++)
            {
                values[t] = GridBlock.Pair(grid, source[2 + (2 * t)], source[3 + (2 * t)]);
            }

            ((uint*)block->Signs)[g] = GridBlock.FourEvenSigns(w);
            block->Scales[2 * g] = block->Scales[(2 * g) + 1] = (short)((2 * (w >> 28)) + 1);
        }

        block->D = Float16.Read(source) * 0.25f;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack512(byte* source, GridBlock* block)
    {
        ushort* grid = Grids.Packed + Grids.IQ3_XXS;
        Vector512<ulong> words = Avx512F.ConvertToVector512UInt64(Vector256.Load((uint*)(source + 66)));
        Vector512<uint> twice = Avx512F.Shuffle(words.AsUInt32(), 0b10_10_00_00);
        Vector512<ushort> first = GridLanes.LookUp256(Avx512BW.ConvertToVector512UInt16(Vector256.Load(source + 2)), grid);
        Vector512<ushort> second = GridLanes.LookUp256(Avx512BW.ConvertToVector512UInt16(Vector256.Load(source + 34)), grid);
        GridLanes.StoreFours(first, second, GridLanes.SevenBitSigns(twice), Grids.Levels3Wide, Grids.WideBias, block);
        GridLanes.TopScales(twice).Store(block->Scales);
        block->D = Float16.Read(source) * 0.25f;
    }
}
