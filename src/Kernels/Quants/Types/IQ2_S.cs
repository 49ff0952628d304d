using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels.Quants.Bits;
using LayerStream.Kernels.Quants.Loops;

namespace LayerStream.Kernels.Quants.Types;

/// <summary>
/// IQ2_S: 256 elements, <c>d:f16 q:u8[32] signs:u8[32] qh:u8[8] scales:u8[8]</c>; qh has two further bits per index, one nibble s of
/// the scales serves 16 elements: y = (d/8)·(2s + 1)·(±grid).
/// </summary>
internal unsafe struct IQ2_S : IGridType
{
    public static int BlockElements => 256;

    public static int BlockBytes => 82;

    public static int BiasShift => 6;

    public static bool HasSigns => true;

    public static void Decode(byte* source, float* destination) => GridBlock.Decode<IQ2_S>(source, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* source, GridBlock* block)
    {
        ulong* grid = Grids.Bytes + Grids.IQ2_S;
        ulong* values = (ulong*)block->Values;
        for (int t = 0; t < 32; t++)
        {
            int high = (source[66 + (t >> 2)] >> (2 * (t & 3))) & 3;
            values[t] = grid[source[2 + t] | (high << 8)];
            block->Signs[t] = source[34 + t];
        }

        for (int g = 0; g < 16; g++)
        {
            block->Scales[g] = (short)((2 * ((source[74 + (g >> 1)] >> (4 * (g & 1))) & 15)) + 1);
        }

        block->D = Float16.Read(source) * 0.125f;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack512(byte* source, GridBlock* block)
    {
        const ulong Each = 0x8000_8000_8000_8000;
        const ulong Next = Each + 0x0001_0001_0001_0001;
        const ulong Two = 0x0002_0002_0002_0002;
        Vector512<byte> spread = Vector512.Create(Each, Next, Each + Two, Next + Two, Each + (2 * Two), Next + (2 * Two), Each + (3 * Two),
            Next + (3 * Two)).AsByte();
        Vector512<ushort> high = Avx512BW.Shuffle(Vector512.Create(Unsafe.ReadUnaligned<ulong>(source + 66)).AsByte(), spread).AsUInt16();
        high = Avx512BW.ShiftLeftLogicalVariable(high, Vector512.Create(0x0002_0004_0006_0008).AsUInt16())
            & Vector512.Create((ushort)0x300);
        Vector512<ushort> index = Avx512BW.ConvertToVector512UInt16(Vector256.Load(source + 2)) | high;
        Vector512<ushort> signs = GridLanes.Doubled(Avx512BW.ConvertToVector512UInt16(Vector256.Load(source + 34)));
        GridLanes.StoreEights(GridLanes.LookUp1024(index, Grids.Packed + Grids.IQ2_S), signs, block);
        GridLanes.NibbleScales(source + 74).Store(block->Scales);
        block->D = Float16.Read(source) * 0.125f;
    }
}
