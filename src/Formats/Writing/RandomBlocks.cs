using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace LayerStream.Formats.Writing;

/// <summary>Valid blocks of random codes whose values have mean 0 (to a part in 30 of their spread) and a given standard
/// deviation.</summary>
public static class RandomBlocks
{
    /// <summary>Elements that <see cref="SetLargest"/> sets at the beginning of a block.</summary>
    public const int LargestRun = 32;

    private const int SubScale = 16; // of all sub-blocks of Q4_K and Q6_K

    private static readonly Dictionary<TensorType, Row> s_rows = new()
    {
        [TensorType.Q8_0] = new(Signed8, 127 / Spread(256), run => run[2..34].Fill(127)),
        [TensorType.Q4_K] = new(Nibbles, 7.5 / Spread(16), SetLowNibbles),
        [TensorType.Q6_K] = new(SixBits, 0, null),
        [TensorType.MXFP4] = new(PowersOfTwo, 0, null),
    };

    /// <summary>Types that can be filled.</summary>
    public static IReadOnlyCollection<TensorType> Types => s_rows.Keys;

    /// <summary>Fills whole blocks.</summary>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="deviation">Standard deviation of the values.</param>
    /// <param name="blocks">A multiple of the block's bytes.</param>
    /// <param name="seed">Same seed, same bytes.</param>
    public static void Fill(TensorType type, double deviation, Span<byte> blocks, ulong seed)
    {
        Row row = s_rows[type];
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

        int bytes = TensorTypes.Get(type).BlockBytes;
        for (int at = 0; at < blocks.Length; at += bytes)
        {
            row.Scale(blocks.Slice(at, bytes), deviation, ref random);
        }
    }

    /// <summary>Value of the largest code in standard deviations of the filled values.</summary>
    /// <exception cref="NotSupportedException">Of this type <see cref="SetLargest"/> is not needed.</exception>
    public static double Largest(TensorType type) =>
        s_rows[type].SetLargest is null ? throw new NotSupportedException($"{type} has no largest code here.") : s_rows[type].Largest;

    /// <summary>Sets the first <see cref="LargestRun"/> elements of a filled block to the largest code.</summary>
    public static void SetLargest(TensorType type, Span<byte> block) => s_rows[type].SetLargest!(block);

    /// <summary>Standard deviation of a uniform choice of <paramref name="codes"/> whole numbers.</summary>
    private static double Spread(int codes) => Math.Sqrt((((double)codes * codes) - 1) / 12);

    private static void Signed8(Span<byte> block, double deviation, ref SplitMix64 random) => Half(block, deviation / Spread(256));

    /// <summary>d·sc·q − dmin·m with sc = m: dmin = 7.5 d centres the codes 0…15. Layout: d, dmin, 12 bytes of 6-bit scales and
    /// minima.</summary>
    private static void Nibbles(Span<byte> block, double deviation, ref SplitMix64 random)
    {
        double d = deviation / (SubScale * Spread(16));
        Half(block, d);
        Half(block[2..], 7.5 * d);
        block[4..12].Fill(SubScale | ((SubScale >> 4) << 6)); // sub-blocks 0…3, and the upper two bits of 4…7
        block[12..16].Fill((SubScale & 15) | ((SubScale & 15) << 4));
    }

    private static void SixBits(Span<byte> block, double deviation, ref SplitMix64 random)
    {
        block[192..208].Fill(SubScale);
        Half(block[208..], deviation / (SubScale * Spread(64)));
    }

    /// <summary>Exponents of two neighbours, mixed so that the mean square is right; codes are 0, ½, 1, 1½, 2, 3, 4, 6 and their
    /// negatives.</summary>
    private static void PowersOfTwo(Span<byte> block, double deviation, ref SplitMix64 random)
    {
        const double MeanSquare = 68.5 / 8;
        double square = deviation * deviation / MeanSquare;
        int lower = (int)Math.Floor(Math.Log2(square) / 2);
        double upperShare = ((square / Math.Pow(4, lower)) - 1) / 3;
        block[0] = (byte)(127 + lower + (random.Uniform() < upperShare ? 1 : 0));
    }

    private static void SetLowNibbles(Span<byte> block)
    {
        foreach (ref byte code in block.Slice(16, LargestRun))
        {
            code |= 15;
        }
    }

    private static void Half(Span<byte> at, double value) => BinaryPrimitives.WriteHalfLittleEndian(at, (Half)value);

    private delegate void Scaling(Span<byte> block, double deviation, ref SplitMix64 random);

    private sealed record Row(Scaling Scale, double Largest, Action<Span<byte>>? SetLargest);
}
