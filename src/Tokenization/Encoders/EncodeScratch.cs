using System.Text;
using LayerStream.Tokenization.PreTokenization;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Tokenization.Encoders;

/// <summary>Buffers of one encoding, reused from fragment to fragment; about 8 bytes per character of the longest fragment.</summary>
internal sealed class EncodeScratch
{
    private int[] _codePoints = [];
    private byte[] _classes = [];
    private byte[] _bytes = new byte[64];
    private int _count;
    private List<int> _ends = [];
    private List<int> _spare = [];
    private UnigramBorder[] _borders = [];

    public SymbolMerger Merger { get; } = new();

    /// <summary>Normalised UTF-8 of a unigram fragment.</summary>
    public List<byte> Normalized { get; } = [];

    /// <summary>Ends of the words after <see cref="Split"/>, in code points.</summary>
    public List<int> Ends => _ends;

    /// <summary>Takes over a fragment as code points, lone surrogates as U+FFFD, and cuts it into words.</summary>
    public void Split(ReadOnlySpan<char> fragment, PreTokenizer preTokenizer, bool spacePrefix)
    {
        if (_codePoints.Length <= fragment.Length)
        {
            _codePoints = new int[fragment.Length + 1];
            _classes = new byte[fragment.Length + 1];
        }

        _count = 0;
        if (spacePrefix)
        {
            Append(' ');
        }

        for (int i = 0; i < fragment.Length; i++)
        {
            char c = fragment[i];
            if (!char.IsSurrogate(c))
            {
                Append(c);
            }
            else
            {
                Rune.DecodeFromUtf16(fragment[i..], out Rune rune, out int consumed);
                Append(rune.Value);
                i += consumed - 1;
            }
        }

        preTokenizer.Split(new CodePointText(_codePoints.AsSpan(0, _count), _classes.AsSpan(0, _count)), ref _ends, ref _spare);
    }

    /// <summary>UTF-8 of a range of code points; with <paramref name="spaceMarks"/> U+2581 becomes a space. Valid until the next
    /// call.</summary>
    public ReadOnlySpan<byte> Utf8(int begin, int end, bool spaceMarks)
    {
        if (_bytes.Length < (end - begin) * 4L)
        {
            _bytes = new byte[(end - begin) * 4L];
        }

        int written = 0;
        foreach (int codePoint in _codePoints.AsSpan(begin, end - begin))
        {
            if (codePoint < 0x80)
            {
                _bytes[written++] = (byte)codePoint;
            }
            else if (spaceMarks && codePoint == SpaceAlphabet.SpaceMark)
            {
                _bytes[written++] = (byte)' ';
            }
            else
            {
                written += new Rune(codePoint).EncodeToUtf8(_bytes.AsSpan(written));
            }
        }

        return _bytes.AsSpan(0, written);
    }

    /// <summary>Room for the byte borders of a unigram search; 16 bytes each.</summary>
    public Span<UnigramBorder> Borders(int count)
    {
        if (_borders.Length < count)
        {
            _borders = new UnigramBorder[count];
        }

        return _borders.AsSpan(0, count);
    }

    private void Append(int codePoint)
    {
        _codePoints[_count] = codePoint;
        _classes[_count++] = CharacterClass.Of(codePoint);
    }
}
