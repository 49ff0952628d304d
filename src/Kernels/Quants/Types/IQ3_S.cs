using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// IQ3_S: 256 elements, <c>d:f16 q:u8[64] qh:u8[8] signs:u8[32] scales:u8[4]</c>; an index brings four values, qh has one further bit per
/// index, one nibble s of the scales serves 32 elements: y = d·(2s + 1)·(±grid).
/// </summary>
internal unsafe struct IQ3_S : IGridType
{
    public static int BlockElements => 256;

    public static int BlockBytes => 110;

    public static int BiasShift => 4;

    public static bool HasSigns => true;

    public static void Decode(byte* source, float* destination) => GridBlock.Decode<IQ3_S>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* source, GridBlock* block)
    {
        ulong* grid = Grids.Bytes + Grids.IQ3_S;
        ulong* values = (ulong*)block->Values;
        for (int t = 0; t < 32; t++)
        {
            int high = source[66 + (t >> 2)] >> (2 * (t & 3));
            values[t] = GridBlock.Pair(grid, source[2 + (2 * t)] | ((high & 1) << 8), source[3 + (2 * t)] | ((high & 2) << 7));
            block->Signs[t] = source[74 + t];
        }

        for (int g = 0; g < 16; g++)
        {
            block->Scales[g] = (short)((2 * ((source[106 + (g >> 2)] >> (4 * ((g >> 1) & 1))) & 15)) + 1);
        }

        block->D = Float16.Read(source);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack512(byte* source, GridBlock* block)
    {
        ushort* grid = Grids.Packed + Grids.IQ3_S;
        Vector512<ushort> first = GridLanes.LookUp512(Index(source + 2, Unsafe.ReadUnaligned<uint>(source + 66)), grid);
        Vector512<ushort> second = GridLanes.LookUp512(Index(source + 34, Unsafe.ReadUnaligned<uint>(source + 70)), grid);
        Vector512<ushort> signs = GridLanes.Doubled(Avx512BW.ConvertToVector512UInt16(Vector256.Load(source + 74)));
        GridLanes.StoreFours(first, second, signs, Grids.Levels3, Grids.NarrowBias, block);
        Vector128<byte> scales = GridLanes.Interleaved(Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(source + 106)).AsByte());
        GridLanes.Odd(Avx2.ConvertToVector256Int16(Sse2.UnpackLow(scales, scales))).Store(block->Scales);
        block->D = Float16.Read(source);
    }

    /// <summary>Thirty-two indices: their lower bytes, and their ninth bits in one word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Index(byte* low, uint ninth)
    {
        const ulong Each = 0x8000_8000_8000_8000;
        const ulong One = 0x0001_0001_0001_0001;
        Vector512<byte> spread = Vector512.Create(Each, Each, Each + One, Each + One, Each + (2 * One), Each + (2 * One), Each + (3 * One),
            Each + (3 * One)).AsByte();
        const ulong Left = 0x0005_0006_0007_0008;
        const ulong Further = 0x0001_0002_0003_0004;
        Vector512<ushort> counts = Vector512.Create(Left, Further, Left, Further, Left, Further, Left, Further).AsUInt16();
        Vector512<ushort> high = Avx512BW.Shuffle(Vector512.Create(ninth).AsByte(), spread).AsUInt16();
        high = Avx512BW.ShiftLeftLogicalVariable(high, counts) & Vector512.Create((ushort)256);
        return Avx512BW.ConvertToVector512UInt16(Vector256.Load(low)) | high;
    }
}
