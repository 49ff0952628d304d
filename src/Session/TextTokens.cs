using LayerStream.Tokenization;

namespace LayerStream.Session;

/// <summary>
/// The tokens of a text of any length, made piece by piece. A piece ends in front of a space between two words, or behind a line break,
/// where the tokens on both sides are shown to be the same as those of the text joined; so the ids are those of the whole text.
/// </summary>
public sealed class TextTokens
{
    private const int PieceChars = 1 << 15;
    private const int MostChars = 1 << 20; // without a place to cut, such as one endless word
    private const int ProofChars = 256;    // on each side of a cut
    private const int MostTries = 32;

    private readonly TextReader _reader;
    private readonly Tokenizer _tokenizer;
    private readonly bool _addsSpace;

    /// <param name="reader">The text.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    public TextTokens(TextReader reader, Tokenizer tokenizer)
    {
        _reader = reader;
        _tokenizer = tokenizer;
        int[] probe = Encode("a");
        _addsSpace = probe.Length > 0 && tokenizer.PieceBytes(probe[0]) is [(byte)' ', ..];
    }

    /// <summary>The ids, a piece of the text at a time.</summary>
    /// <exception cref="UsageException">There are 2²⁰ characters without a place to cut.</exception>
    public IEnumerable<int[]> Read()
    {
        char[] text = new char[PieceChars];
        int length = 0;
        bool isFirst = true;
        while (true)
        {
            int read = _reader.ReadBlock(text, length, text.Length - length);
            length += read;
            if (length < text.Length)
            {
                yield return EncodePiece(text.AsSpan(0, length), isFirst);
                yield break;
            }

            int cut = FindCut(text.AsSpan(0, length));
            if (cut > 0)
            {
                yield return EncodePiece(text.AsSpan(0, cut), isFirst);
                isFirst = false;
                text.AsSpan(cut, length - cut).CopyTo(text);
                length -= cut;
            }
            else
            {
                Array.Resize(ref text, text.Length < MostChars ? text.Length * 2
                    : throw new UsageException($"The text has {MostChars} characters without a space or a line break: it cannot be read "
                    + "piece by piece."));
            }
        }
    }

    private int FindCut(ReadOnlySpan<char> text)
    {
        int tries = 0;
        for (int at = text.Length - ProofChars; at > text.Length / 2 && tries < MostTries; at--)
        {
            bool isWord = text[at] == ' ' && char.IsAsciiLetterOrDigit(text[at - 1]) && char.IsAsciiLetter(text[at + 1]);
            bool isLine = text[at - 1] == '\n' && !char.IsWhiteSpace(text[at - 2]) && char.IsAsciiLetterOrDigit(text[at]);
            if ((isWord || (isLine && !_addsSpace)) && IsProven(text, at, ref tries))
            {
                return at;
            }
        }

        return 0;
    }

    private bool IsProven(ReadOnlySpan<char> text, int at, ref int tries)
    {
        tries++;
        ReadOnlySpan<char> around = text[Math.Max(0, at - ProofChars)..(at + ProofChars)];
        if (char.IsLowSurrogate(around[0]))
        {
            around = around[1..];
        }

        if (char.IsHighSurrogate(around[^1]))
        {
            around = around[..^1];
        }

        int split = around.Length - (char.IsHighSurrogate(text[at + ProofChars - 1]) ? ProofChars - 1 : ProofChars);
        int[] left = EncodePiece(around[..split], isFirst: true), right = EncodePiece(around[split..], isFirst: false);
        return Encode(around.ToString()).AsSpan().SequenceEqual((int[])[.. left, .. right]);
    }

    /// <summary>A tokenizer that puts a space in front of every text gets later pieces without the space that they begin with.</summary>
    private int[] EncodePiece(ReadOnlySpan<char> text, bool isFirst) =>
        Encode((_addsSpace && !isFirst && text is [' ', ..] ? text[1..] : text).ToString());

    private int[] Encode(string text) => _tokenizer.Encode(text, addSpecial: false, parseSpecial: false);
}
