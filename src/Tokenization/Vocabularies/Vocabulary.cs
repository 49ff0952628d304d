using System.Collections;
using System.Text;
using LayerStream.Formats;

namespace LayerStream.Tokenization.Vocabularies;

/// <summary>The tokens of a file: their bytes, types and texts. Pieces numbered from <see cref="Size"/> on are not tokens:
/// they are operands of merges that the vocabulary lacks.</summary>
internal sealed class Vocabulary
{
    private const byte OutsideAlphabet = 0x80;
    private readonly TokenAlphabet _alphabet;
    private readonly byte[] _types; // TokenType, and OutsideAlphabet
    private readonly Dictionary<int, byte[]> _literals = [];
    private readonly HashSet<int> _marks = [];

    private Vocabulary(TokenAlphabet alphabet, PieceTable pieces, byte[] types)
    {
        _alphabet = alphabet;
        _types = types;
        Pieces = pieces;
    }

    /// <summary>Bytes of every piece; those inside the alphabet can be found.</summary>
    public PieceTable Pieces { get; }

    /// <summary>Number of tokens.</summary>
    public int Size => _types.Length;

    public long ApproximateBytes => Pieces.ApproximateBytes + _types.LongLength + _literals.Sum(entry => 48L + entry.Value.Length);

    /// <summary>Reads texts and types.</summary>
    /// <param name="metadata">Metadata of the file.</param>
    /// <param name="alphabet">What the texts are written in.</param>
    /// <param name="watched">Texts whose ids the caller wants.</param>
    /// <param name="found">Receives the id of every watched text.</param>
    public static Vocabulary Read(GgufMetadata metadata, TokenAlphabet alphabet, IReadOnlySet<string> watched,
        Dictionary<string, int> found)
    {
        IReadOnlyList<string> texts = metadata.GetStrings("tokenizer.ggml.tokens") ?? [];
        IReadOnlyList<long>? kinds = metadata.GetIntegers("tokenizer.ggml.token_type");
        var pieces = new PieceTable(texts.Count);
        var types = new byte[texts.Count];
        byte[] buffer = new byte[256];
        int id = 0;
        foreach (string given in texts)
        {
            string text = given.Length == 0 ? $"[EMPTY_{id}]" : given;
            buffer = buffer.Length >= text.Length * 3 ? buffer : new byte[text.Length * 3];
            int length = alphabet.ToBytes(text, buffer);
            bool inside = length >= 0;
            length = inside ? length : Encoding.UTF8.GetBytes(text, buffer);
            pieces.Add(buffer.AsSpan(0, length), inside);
            long kind = kinds is null ? (long)TokenType.Normal : id < kinds.Count ? kinds[id] : 0;
            types[id] = (byte)((kind is >= 1 and <= 6 ? (byte)kind : 0) | (inside ? 0 : OutsideAlphabet));
            if (watched.Contains(text))
            {
                found[text] = id;
            }

            id++;
        }

        return new Vocabulary(alphabet, pieces, types);
    }

    public TokenType TypeOf(int id) => (TokenType)(_types[id] & ~OutsideAlphabet);

    /// <summary>Whether the token's text is written in the alphabet, so that encoding can reach it.</summary>
    public bool IsInAlphabet(int id) => (_types[id] & OutsideAlphabet) == 0;

    public void SetType(int id, TokenType type) => _types[id] = (byte)((_types[id] & OutsideAlphabet) | (byte)type);

    /// <summary>Makes a control token visible in output; it stays a mark of the model's own, which users' text never means.</summary>
    public void MakeVisible(int id)
    {
        SetType(id, TokenType.UserDefined);
        _marks.Add(id);
    }

    /// <summary>Whether the token was made visible though it is a mark of the model's own.</summary>
    public bool IsMark(int id) => _marks.Contains(id);

    /// <summary>The text of a token as the file writes it.</summary>
    public string TextOf(int id) =>
        (_types[id] & OutsideAlphabet) != 0 ? Encoding.UTF8.GetString(Pieces[id]) : _alphabet.ToText(Pieces[id]);

    /// <summary>The token whose text consists of these bytes in the alphabet, or -1.</summary>
    public int FindToken(ReadOnlySpan<byte> piece)
    {
        int id = Pieces.Find(piece);
        return id < Size ? id : -1;
    }

    /// <summary>The bytes of a token's text.</summary>
    public ReadOnlySpan<byte> LiteralOf(int id) => _literals.TryGetValue(id, out byte[]? literal) ? literal : Pieces[id];

    /// <summary>The neighbouring bytes, first × 256 + second, that some piece in reach of encoding holds: no merge crosses any other
    /// place.</summary>
    public BitArray NeighbouringBytes()
    {
        var pairs = new BitArray(1 << 16);
        for (int number = 0; number < Pieces.Count; number++)
        {
            ReadOnlySpan<byte> piece = number >= Size || IsInAlphabet(number) ? Pieces[number] : [];
            for (int i = 1; i < piece.Length; i++)
            {
                pairs[(piece[i - 1] << 8) | piece[i]] = true;
            }
        }

        return pairs;
    }

    /// <summary>Reads the merges; to be called once, before <see cref="Complete"/>.</summary>
    public MergeTable ReadMerges(IReadOnlyList<string> merges)
    {
        var table = new MergeTable(merges.Count);
        byte[] buffer = new byte[256];
        foreach (string merge in merges)
        {
            int space = merge.Length > 1 ? merge.IndexOf(' ', 1) : -1;
            if (space < 0)
            {
                continue;
            }

            buffer = buffer.Length >= merge.Length * 3 ? buffer : new byte[merge.Length * 3];
            int left = _alphabet.ToBytes(merge.AsSpan(0, space), buffer);
            int right = left < 0 ? -1 : _alphabet.ToBytes(merge.AsSpan(space + 1), buffer.AsSpan(left));
            if (right > 0)
            {
                table.Add(
                    Intern(buffer.AsSpan(0, left)), Intern(buffer.AsSpan(left, right)), Intern(buffer.AsSpan(0, left + right)));
            }
        }

        return table;
    }

    /// <summary>Ends the reading: keeps apart the literal texts that differ from the bytes in the alphabet and trims the table.</summary>
    public void Complete()
    {
        for (int id = 0; id < Size; id++)
        {
            if (TypeOf(id) is not (TokenType.Control or TokenType.Unknown or TokenType.UserDefined)
                || !Pieces[id].ContainsAnyExceptInRange((byte)0x21, (byte)0x7E))
            {
                continue;
            }

            byte[] literal = Encoding.UTF8.GetBytes(TextOf(id));
            if (!Pieces[id].SequenceEqual(literal))
            {
                _literals[id] = literal;
            }
        }

        Pieces.Trim();
    }

    private int Intern(ReadOnlySpan<byte> piece)
    {
        int number = Pieces.Find(piece);
        return number >= 0 ? number : Pieces.Add(piece, findable: true);
    }
}
