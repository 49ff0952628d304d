using System.Text;

namespace LayerStream.Tokenization.Vocabularies;

/// <summary>The SentencePiece alphabet: UTF-8 with U+2581 in place of the space.</summary>
internal sealed class SpaceAlphabet : TokenAlphabet
{
    public const char SpaceMark = '\u2581';

    public static SpaceAlphabet Instance { get; } = new();

    public override int ToBytes(ReadOnlySpan<char> text, Span<byte> destination)
    {
        int written = 0;
        while (!text.IsEmpty)
        {
            int run = text.IndexOfAny(' ', SpaceMark);
            ReadOnlySpan<char> plain = run < 0 ? text : text[..run];
            written += Encoding.UTF8.GetBytes(plain, destination[written..]);
            if (run < 0)
            {
                break;
            }

            if (text[run] == ' ')
            {
                return -1;
            }

            destination[written++] = (byte)' ';
            text = text[(run + 1)..];
        }

        return written;
    }

    public override string ToText(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes).Replace(' ', SpaceMark);
}
