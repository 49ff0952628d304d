namespace LayerStream.Tokenization.PreTokenization;

/// <summary>Text as code points with their classes, and the scans that pre-tokenisers are made of. Every scan stops at the given
/// end.</summary>
internal readonly ref struct CodePointText(ReadOnlySpan<int> codePoints, ReadOnlySpan<byte> classes)
{
    private readonly ReadOnlySpan<int> _codePoints = codePoints;
    private readonly ReadOnlySpan<byte> _classes = classes;

    public int Length => _codePoints.Length;

    public int this[int position] => _codePoints[position];

    public byte Class(int position) => _classes[position];

    public bool Has(int position, byte flags) => (_classes[position] & flags) != 0;

    /// <summary>Whether the position is before the end and has one of the classes.</summary>
    public bool HasBefore(int position, int end, byte flags) => position < end && (_classes[position] & flags) != 0;

    public bool IsNewline(int position) => _codePoints[position] is '\r' or '\n';

    /// <summary>End of the run of positions that have one of the classes.</summary>
    public int RunOf(int position, int end, byte flags)
    {
        while (position < end && (_classes[position] & flags) != 0)
        {
            position++;
        }

        return position;
    }

    /// <summary>End of the run of positions that have none of the classes.</summary>
    public int RunWithout(int position, int end, byte flags)
    {
        while (position < end && (_classes[position] & flags) == 0)
        {
            position++;
        }

        return position;
    }

    /// <summary>End of the run of line ends, and slashes if asked for.</summary>
    public int RunOfNewlines(int position, int end, bool slashes)
    {
        while (position < end && (IsNewline(position) || (slashes && _codePoints[position] == '/')))
        {
            position++;
        }

        return position;
    }

    /// <summary>Length of <c>'s 't 're 've 'm 'll 'd</c> at the position, or 0.</summary>
    public int Contraction(int position, int end, bool ignoreCase)
    {
        if (position + 1 >= end || _codePoints[position] != '\'')
        {
            return 0;
        }

        int first = AsciiLetter(position + 1, ignoreCase);
        if (first is 's' or 't' or 'm' or 'd')
        {
            return 2;
        }

        int second = position + 2 < end ? AsciiLetter(position + 2, ignoreCase) : 0;
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    /// <summary>Length of <c>\s*[\r\n]+|\s+(?!\S)|\s+</c> at the position (the first alternative only if asked for), or 0.</summary>
    public int Blank(int position, int end, bool newlines)
    {
        int q = position;
        int afterNewline = -1;
        while (q < end && (_classes[q] & CharacterClass.Whitespace) != 0)
        {
            if (newlines && IsNewline(q))
            {
                afterNewline = q + 1;
            }

            q++;
        }

        if (afterNewline > 0)
        {
            return afterNewline - position;
        }

        return q - position > 1 && q < end ? q - position - 1 : q - position;
    }

    private int AsciiLetter(int position, bool ignoreCase)
    {
        int c = _codePoints[position];
        return ignoreCase && c is >= 'A' and <= 'Z' ? c + 32 : c;
    }
}
