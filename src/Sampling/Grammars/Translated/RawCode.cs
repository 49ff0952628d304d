namespace LayerStream.Sampling.Grammars.Translated;

/// <summary>Texts as they are, up to a mark with white space before it. The mark alone cannot stand in them.</summary>
internal sealed class RawCode : TextCode
{
    private readonly byte[] _end;
    private readonly byte[] _mark;
    private readonly byte[][][] _ways; // by bytes of the end: the closing quote, or these bytes as part of the text

    /// <summary>A code.</summary>
    /// <param name="end">What ends a text; the mark without its white space is what readers look for.</param>
    public RawCode(byte[] end)
    {
        _end = end;
        _mark = end.AsSpan().Trim(" \n\r\t"u8).ToArray();
        if (!end.AsSpan().EndsWith(_mark) || _mark.Length == 0)
        {
            throw new ArgumentException("A mark is followed by no white space.", nameof(end));
        }

        _ways = [[], .. Enumerable.Range(1, end.Length).Select(length => (byte[][])["\""u8.ToArray(), Json(end[..length])])];
    }

    /// <inheritdoc/>
    public override int? Take(int mode, byte value, List<byte> json)
    {
        int end = mode & 0xFFFF, mark = mode >> 16;
        int nextEnd = Behind(_end, end, value), nextMark = Behind(_mark, mark, value);
        if (nextEnd == _end.Length)
        {
            return End;
        }

        if (nextMark == _mark.Length)
        {
            return null;
        }

        int certain = end + 1 - nextEnd;
        for (int i = 0; i < certain; i++)
        {
            Escape(i < end ? _end[i] : value, json);
        }

        return nextEnd | (nextMark << 16);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Ways(int mode) => _ways[mode & 0xFFFF];

    private static byte[] Json(byte[] text)
    {
        List<byte> json = [];
        foreach (byte value in text)
        {
            Escape(value, json);
        }

        return [.. json];
    }

    // How much of a mark the bytes end with: those of it so far, and one more. Marks are short.
    private static int Behind(byte[] mark, int so, byte value)
    {
        for (int length = so + 1; length > 0; length--)
        {
            if (mark[length - 1] == value && mark.AsSpan(0, length - 1).SequenceEqual(mark.AsSpan(so - length + 1, length - 1)))
            {
                return length;
            }
        }

        return 0;
    }
}
