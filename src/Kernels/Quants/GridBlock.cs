using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LayerStream.Kernels;

/// <summary>
/// An unpacked block of a grid type: 256 weights D·Scales[i / 16]·(Values[i] − bias), all products exact in single precision.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 320)]
internal unsafe struct GridBlock
{
    /// <summary>Weights plus the type's bias.</summary>
    public fixed byte Values[256];

    /// <summary>One odd scale per 16 weights.</summary>
    public fixed short Scales[16];

    /// <summary>Scale of the block, with the type's constant factor.</summary>
    public float D;

    /// <summary>The weights as floats.</summary>
    public static void Decode(GridBlock* block, int bias, float* destination)
    {
        for (int g = 0; g < 16; g++)
        {
            float scale = block->D * block->Scales[g];
            for (int i = 16 * g; i < 16 * (g + 1); i++)
            {
                destination[i] = scale * (block->Values[i] - bias);
            }
        }
    }

    /// <summary>Eight biased values (bytes of <paramref name="entry"/>), negated about the bias where a bit of <paramref name="signs"/> is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Signed(ulong entry, int signs, int bias)
    {
        ulong negative = (0x0202020202020202UL * (uint)bias) - entry;
        return entry ^ ((entry ^ negative) & Grids.SignMasks[signs]);
    }

    /// <summary>Seven sign bits and the eighth that makes their number even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int EvenSigns(uint bits) => (int)((bits & 127) | ((uint)(BitOperations.PopCount(bits & 127) & 1) << 7));

    /// <summary>Two four-value entries of an IQ3 grid as eight bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Pair(ulong* grid, int first, int second) => grid[first] | (grid[second] << 32);
}

/// <summary>A tensor type of 256-blocks that unpacks to <see cref="GridBlock"/>.</summary>
internal unsafe interface IGridType : IBlockDecoder
{
    /// <summary>log2 of what the unpacked values have been raised by.</summary>
    static abstract int BiasShift { get; }

    /// <summary>Unpacks one block with plain integer arithmetic.</summary>
    static abstract void Unpack(byte* source, GridBlock* block);

    /// <summary>The same with AVX-512 (F, BW, VL); <paramref name="block"/> is best aligned to 64 bytes.</summary>
    static abstract void Unpack512(byte* source, GridBlock* block);
}
