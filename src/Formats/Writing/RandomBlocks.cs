using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace LayerStream.Formats.Writing;

/// <summary>Valid blocks of random codes whose values have mean 0 (to a part in 30 of their spread) and a given standard
/// deviation.</summary>
public static class RandomBlocks
{
    /// <summary>Elements that <see cref="SetLargest"/> sets at the beginning of a block.</summary>
    public const int LargestRun = 32;

    /// <summary>Types that can be filled.</summary>
    public static IReadOnlyCollection<TensorType> Types { get; } =
        [.. TensorTypes.All.Where(t => t.Random is not null).Select(t => t.Type)];

    /// <summary>Fills whole blocks.</summary>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="deviation">Standard deviation of the values.</param>
    /// <param name="blocks">A multiple of the block's bytes.</param>
    /// <param name="seed">Same seed, same bytes.</param>
    /// <exception cref="NotSupportedException">The type cannot be filled.</exception>
    public static void Fill(TensorType type, double deviation, Span<byte> blocks, ulong seed)
    {
        TensorTypeInfo info = TensorTypes.Get(type);
        RandomCodes codes = Codes(type);
        SplitMix64 random = new(seed);
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(blocks);
        foreach (ref ulong word in words)
        {
            word = random.Next();
        }

        foreach (ref byte last in blocks[(words.Length * sizeof(ulong))..])
        {
            last = (byte)random.Next();
        }

        for (int at = 0; at < blocks.Length; at += info.BlockBytes)
        {
            Span<byte> block = blocks.Slice(at, info.BlockBytes);
            foreach ((int offset, int length, byte value) in codes.Fixed)
            {
                block.Slice(offset, length).Fill(value);
            }

            if (info.Numbers == BlockNumbers.PowerOfTwo)
            {
                block[0] = Exponent(deviation, codes.Variance, ref random);
            }
            else
            {
                SetHalves(block, info.Numbers, deviation / (codes.GroupScale * Math.Sqrt(codes.Variance)), codes.Middle);
            }
        }
    }

    /// <summary>Value of the largest code in standard deviations of the filled values.</summary>
    /// <exception cref="NotSupportedException">Of this type <see cref="SetLargest"/> is not needed.</exception>
    public static double Largest(TensorType type) => LargestOf(type).Value / Math.Sqrt(Codes(type).Variance);

    /// <summary>Sets the first <see cref="LargestRun"/> elements of a filled block to the largest code.</summary>
    /// <exception cref="NotSupportedException">Of this type it is not needed.</exception>
    public static void SetLargest(TensorType type, Span<byte> block)
    {
        LargestCode largest = LargestOf(type);
        foreach (ref byte code in block.Slice(largest.Offset, LargestRun))
        {
            code = (byte)((code & largest.Kept) | largest.Set);
        }
    }

    private static RandomCodes Codes(TensorType type) =>
        TensorTypes.Get(type).Random ?? throw new NotSupportedException($"{type} has no random blocks.");

    private static LargestCode LargestOf(TensorType type) =>
        Codes(type).Largest ?? throw new NotSupportedException($"{type} has no largest code here.");

    /// <summary>d·s·q − m·s·1 with the same s in all groups: m = d · middle centres the codes.</summary>
    private static void SetHalves(Span<byte> block, BlockNumbers numbers, double d, double middle)
    {
        BinaryPrimitives.WriteHalfLittleEndian(block[numbers.Second..], (Half)(middle * d));
        BinaryPrimitives.WriteHalfLittleEndian(block[numbers.First..], (Half)d);
    }

    /// <summary>Exponents of two neighbours, mixed so that the mean square is right.</summary>
    private static byte Exponent(double deviation, double variance, ref SplitMix64 random)
    {
        double square = deviation * deviation / variance;
        int lower = (int)Math.Floor(Math.Log2(square) / 2);
        double upperShare = ((square / Math.Pow(4, lower)) - 1) / 3;
        return (byte)(127 + lower + (random.Uniform() < upperShare ? 1 : 0));
    }
}
