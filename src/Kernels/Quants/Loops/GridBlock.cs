using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// An unpacked block of a grid type: 256 weights D·Scales[i / 16]·(Values[i] − bias), all products exact in single precision.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 384)]
internal unsafe struct GridBlock
{
    /// <summary>Weights plus the type's bias.</summary>
    public fixed byte Values[256];

    /// <summary>One odd scale per 16 weights.</summary>
    public fixed short Scales[16];

    /// <summary>One bit per weight: the value is still to be negated. Used between <c>Unpack</c> and <c>ApplySigns</c> only.</summary>
    public fixed byte Signs[32];

    /// <summary>Scale of the block, with the type's constant factor.</summary>
    public float D;

    /// <summary>Decodes one packed block of a type to 256 floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode<TType>(byte* source, float* destination)
        where TType : IGridType
    {
        GridBlock block;
        TType.Unpack(source, &block);
        if (TType.HasSigns && Isa.Avx2)
        {
            ApplySigns256(&block, 1 << TType.BiasShift);
        }
        else if (TType.HasSigns)
        {
            ApplySigns(&block, 1 << TType.BiasShift);
        }

        Vector128<short> bias = Vector128.Create((short)(1 << TType.BiasShift));
        for (int g = 0; g < 16; g++)
        {
            Vector128<float> scale = Vector128.Create(block.D * block.Scales[g]);
            (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Load(block.Values + (16 * g)));
            Scale(low.AsInt16() - bias, scale, destination + (16 * g));
            Scale(high.AsInt16() - bias, scale, destination + (16 * g) + 8);
        }
    }

    /// <summary>Negates the values whose sign bits are set about the bias.</summary>
    public static void ApplySigns(GridBlock* block, int bias)
    {
        for (int i = 0; i < 256; i++)
        {
            if (((block->Signs[i >> 3] >> (i & 7)) & 1) != 0)
            {
                block->Values[i] = (byte)((2 * bias) - block->Values[i]);
            }
        }
    }

    /// <summary>The same with AVX2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ApplySigns256(GridBlock* block, int bias)
    {
        Vector256<byte> spread = Vector256.Create(0UL, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303).AsByte();
        Vector256<byte> bit = Vector256.Create(0x8040201008040201).AsByte();
        for (int g = 0; g < 8; g++)
        {
            Vector256<byte> signs = Avx2.Shuffle(Vector256.Create(((uint*)block->Signs)[g]).AsByte(), spread);
            Vector256<byte> negative = Vector256.Equals(signs & bit, bit);
            Vector256<byte> values = Vector256.Load(block->Values + (32 * g));
            Vector256.ConditionalSelect(negative, Vector256.Create((byte)(2 * bias)) - values, values).Store(block->Values + (32 * g));
        }
    }

    /// <summary>Seven sign bits and the eighth that makes their number even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte EvenSigns(uint bits) => (byte)(bits | ((uint)BitOperations.PopCount(bits) << 7));

    /// <summary>Four groups of seven sign bits as four bytes with an even number of bits each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FourEvenSigns(uint bits)
    {
        uint seven = (bits & 0x7F) | ((bits << 1) & 0x7F00) | ((bits << 2) & 0x7F0000) | ((bits << 3) & 0x7F000000);
        uint odd = seven ^ (seven >> 4);
        odd ^= odd >> 2;
        odd ^= odd >> 1;
        return seven | ((odd & 0x01010101) << 7);
    }

    /// <summary>Two four-value entries of an IQ3 grid as eight bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Pair(ulong* grid, int first, int second) => grid[first] | (grid[second] << 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(Vector128<short> values, Vector128<float> scale, float* destination)
    {
        (Vector128<int> low, Vector128<int> high) = Vector128.Widen(values);
        (Vector128.ConvertToSingle(low) * scale).Store(destination);
        (Vector128.ConvertToSingle(high) * scale).Store(destination + 4);
    }
}

/// <summary>A tensor type of 256-blocks that unpacks to <see cref="GridBlock"/>.</summary>
internal unsafe interface IGridType : IBlockDecoder
{
    /// <summary>log2 of what the unpacked values have been raised by.</summary>
    static abstract int BiasShift { get; }

    /// <summary>Whether the values of the grid are magnitudes, with signs of their own.</summary>
    static abstract bool HasSigns { get; }

    /// <summary>Unpacks one block with plain integer arithmetic, signs (if there are any) not yet applied.</summary>
    static abstract void Unpack(byte* source, GridBlock* block);

    /// <summary>The whole of it with AVX-512 (F, BW, VL), signs applied; <paramref name="block"/> is best aligned to 64 bytes.</summary>
    static abstract void Unpack512(byte* source, GridBlock* block);
}
