namespace LayerStream.Tokenization.Encoders;

/// <summary>Brings text into the form a unigram vocabulary knows: mapped characters, spaces collapsed or not, one space in front.</summary>
/// <param name="map">Replacements.</param>
/// <param name="mergesSpaces">Runs of spaces become one in front of each word, none at the end.</param>
/// <param name="prefixesSpace">A space is put before the first word.</param>
internal sealed class UnigramNormalizer(CharacterMap map, bool mergesSpaces, bool prefixesSpace)
{
    public long ApproximateBytes => map.ApproximateBytes;

    private static ReadOnlySpan<byte> SpaceMark => "\u2581"u8;

    /// <summary>Normalises UTF-8; U+2581 is written as a space.</summary>
    public void Normalize(ReadOnlySpan<byte> text, List<byte> result)
    {
        result.Clear();
        bool inWord = false;
        bool prefixed = false;
        for (int i = 0; i < text.Length;)
        {
            int length = map.Match(text[i..], out ReadOnlySpan<byte> piece);
            if (length == 0)
            {
                length = Math.Min(Utf8Length(text[i]), text.Length - i);
                piece = text.Slice(i, length);
            }

            i += length;
            while (!piece.IsEmpty)
            {
                if (piece[0] == ' ')
                {
                    inWord = false;
                    result.AddRange(mergesSpaces ? [] : piece[..1]);
                    piece = piece[1..];
                    continue;
                }

                if (!inWord && (mergesSpaces || (prefixesSpace && !prefixed)))
                {
                    result.Add((byte)' ');
                    prefixed = true;
                }

                inWord = true;
                bool isMark = piece.StartsWith(SpaceMark);
                result.Add(isMark ? (byte)' ' : piece[0]);
                piece = piece[(isMark ? SpaceMark.Length : 1)..];
            }
        }
    }

    /// <summary>Bytes of the character that begins with this byte.</summary>
    public static int Utf8Length(byte first) => first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}
