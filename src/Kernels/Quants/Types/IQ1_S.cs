using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// IQ1_S: 256 elements, <c>d:f16 q:u8[32] qh:u16[8]</c>; a word w of qh serves 32 elements: three further bits for each of four indices,
/// three bits s of scale and the sign of the shift: y = d·(2s + 1)·(grid ± 1/8).
/// </summary>
internal unsafe struct IQ1_S : IGridType
{
    public static int BlockElements => 256;

    public static int BlockBytes => 50;

    public static int BiasShift => 4;

    public static bool HasSigns => false;

    public static void Decode(byte* source, float* destination) => GridBlock.Decode<IQ1_S>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* source, GridBlock* block)
    {
        ulong* grid = Grids.Bytes + Grids.IQ1;
        ulong* values = (ulong*)block->Values;
        for (int g = 0; g < 8; g++)
        {
            int w = source[34 + (2 * g)] | (source[35 + (2 * g)] << 8);
            for (int l = 0; l < 4; l++)
            {
                ulong entry = grid[source[2 + (4 * g) + l] | (((w >> (3 * l)) & 7) << 8)];
                values[(4 * g) + l] = entry - ((ulong)(w >> 15) * Grids.Shift);
            }

            block->Scales[2 * g] = block->Scales[(2 * g) + 1] = (short)((2 * ((w >> 12) & 7)) + 1);
        }

        block->D = Float16.Read(source) * 0.125f;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack512(byte* source, GridBlock* block)
    {
        Vector128<short> words = Vector128.Load((short*)(source + 34));
        Vector512<ushort> each = Vector512.Create(
            (ushort)0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7);
        Vector512<ushort> spread = Avx512BW.PermuteVar32x16(words.AsUInt16().ToVector256Unsafe().ToVector512Unsafe(), each);
        Vector512<ushort> high = Avx512BW.ShiftRightLogicalVariable(spread, Vector512.Create(0x0009_0006_0003_0000).AsUInt16())
            & Vector512.Create((ushort)7);
        Vector512<ushort> index = Avx512BW.ConvertToVector512UInt16(Vector256.Load(source + 2)) | Vector512.ShiftLeft(high, 8);
        Vector512<ushort> minus = Vector512.ShiftRightArithmetic(spread.AsInt16(), 15).AsUInt16() & Vector512.Create((ushort)0x0404);
        GridLanes.StoreShifted(GridLanes.LookUp2048(index, Grids.Packed + Grids.IQ1), minus, block);
        Vector128<short> s = Vector128.ShiftRightLogical(words, 12) & Vector128.Create((short)7);
        GridLanes.Odd(Vector256.Create(Sse2.UnpackLow(s, s), Sse2.UnpackHigh(s, s))).Store(block->Scales);
        block->D = Float16.Read(source) * 0.125f;
    }
}
