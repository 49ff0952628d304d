namespace LayerStream.Tokenization.Vocabularies;

/// <summary>The byte-level BPE alphabet of GPT-2: every byte is one printable character.</summary>
internal sealed class ByteAlphabet : TokenAlphabet
{
    private const int HighestCharacter = 0x143;
    private static readonly char[] s_characterOfByte = BuildCharacters();
    private static readonly short[] s_byteOfCharacter = BuildBytes();

    public static ByteAlphabet Instance { get; } = new();

    public override int ToBytes(ReadOnlySpan<char> text, Span<byte> destination)
    {
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c > HighestCharacter || s_byteOfCharacter[c] < 0)
            {
                return -1;
            }

            destination[i] = (byte)s_byteOfCharacter[c];
        }

        return text.Length;
    }

    public override string ToText(ReadOnlySpan<byte> bytes) =>
        string.Create(bytes.Length, bytes, static (characters, source) =>
        {
            for (int i = 0; i < source.Length; i++)
            {
                characters[i] = s_characterOfByte[source[i]];
            }
        });

    private static char[] BuildCharacters()
    {
        var characters = new char[256];
        int next = 0x100;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            characters[b] = printable ? (char)b : (char)next++;
        }

        return characters;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[HighestCharacter + 1];
        Array.Fill(bytes, (short)-1);
        for (int b = 0; b < 256; b++)
        {
            bytes[s_characterOfByte[b]] = (short)b;
        }

        return bytes;
    }
}
