namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>Ranges of code points as sequences of byte ranges.</summary>
internal static class Utf8Ranges
{
    private static readonly (int Low, int High, int Bytes)[] s_lengths =
        [(0, 0x7F, 1), (0x80, 0x7FF, 2), (0x800, 0xD7FF, 3), (0xE000, 0xFFFF, 3), (0x10000, CodePointSet.Last, 4)];

    /// <summary>The sequences that spell a range; surrogates have none.</summary>
    public static IEnumerable<(byte Low, byte High)[]> Of(int low, int high)
    {
        foreach ((int first, int last, int bytes) in s_lengths)
        {
            int from = Math.Max(low, first), to = Math.Min(high, last);
            if (from <= to)
            {
                foreach ((byte Low, byte High)[] sequence in Split(from, to, bytes))
                {
                    yield return sequence;
                }
            }
        }
    }

    private static IEnumerable<(byte Low, byte High)[]> Split(int low, int high, int bytes)
    {
        for (int places = bytes - 1; places > 0; places--)
        {
            int mask = (1 << (6 * places)) - 1;
            if ((low & ~mask) == (high & ~mask))
            {
                continue;
            }

            if ((low & mask) != 0)
            {
                return Split(low, low | mask, bytes).Concat(Split((low | mask) + 1, high, bytes));
            }

            if ((high & mask) != mask)
            {
                return Split(low, (high & ~mask) - 1, bytes).Concat(Split(high & ~mask, high, bytes));
            }
        }

        (byte[] first, byte[] last) = (Encode(low, bytes), Encode(high, bytes));
        return [[.. first.Zip(last, (a, b) => (a, b))]];
    }

    private static byte[] Encode(int point, int bytes)
    {
        byte[] result = new byte[bytes];
        for (int i = bytes - 1; i > 0; i--)
        {
            result[i] = (byte)(0x80 | (point & 0x3F));
            point >>= 6;
        }

        result[0] = (byte)(point | bytes switch { 1 => 0, 2 => 0xC0, 3 => 0xE0, _ => 0xF0 });
        return result;
    }
}
