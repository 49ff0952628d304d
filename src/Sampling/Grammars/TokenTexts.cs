using System.Text;
using LayerStream.Sampling.Grammars.Masks;
using LayerStream.Tokenization;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Sampling.Grammars;

/// <summary>The tokens of a vocabulary as grammars see them. Made once for a model; immutable.</summary>
public sealed class TokenTexts
{
    /// <summary>In front of the bytes of a mark token, and of nothing else: no text has it, so that only a grammar that names the mark lets
    /// the token through.</summary>
    internal const byte MarkByte = 0xFF;

    private readonly Func<int, byte[]> _bytes;
    private readonly IReadOnlyDictionary<int, byte[]> _marks;

    /// <summary>Texts of tokens.</summary>
    /// <param name="count">Number of tokens.</param>
    /// <param name="bytes">Bytes of a token by id, those of control tokens too.</param>
    /// <param name="isText">Whether the token stands for a text; control tokens do not.</param>
    /// <param name="ends">Tokens that end an answer.</param>
    /// <param name="marks">Control tokens that stand for marks around parts of an answer; null = none.</param>
    public TokenTexts(int count, Func<int, byte[]> bytes, Func<int, bool> isText, IReadOnlySet<int> ends, IReadOnlySet<int>? marks = null)
    {
        _bytes = bytes;
        _marks = (marks ?? new HashSet<int>()).Where(id => !ends.Contains(id))
            .ToDictionary(id => id, id => (byte[])[MarkByte, .. bytes(id)]);
        Count = count;
        Ends = ends;
        Trie = new TokenTrie(Enumerable.Range(0, count).Where(id => (isText(id) || _marks.ContainsKey(id)) && !ends.Contains(id))
            .Select(id => (id, BytesOf(id))));
    }

    /// <summary>Number of tokens.</summary>
    public int Count { get; }

    /// <summary>Tokens that end an answer.</summary>
    public IReadOnlySet<int> Ends { get; }

    internal TokenTrie Trie { get; }

    /// <summary>The tokens of a tokenizer.</summary>
    public static TokenTexts Of(Tokenizer tokenizer, IReadOnlySet<int>? marks = null) => new(
        tokenizer.VocabularySize,
        id => tokenizer.PieceBytes(id, special: true).ToArray(),
        id => tokenizer.TypeOf(id) is TokenType.Normal or TokenType.UserDefined or TokenType.Byte,
        tokenizer.EndOfGeneration,
        marks);

    /// <summary>Bytes of a text of an answer's form, in which the marks are those that the vocabulary has tokens for.</summary>
    public byte[] WithMarks(string text)
    {
        List<byte> bytes = [];
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        while (!rest.IsEmpty)
        {
            byte[] found = [];
            foreach (byte[] mark in _marks.Values)
            {
                found = mark.Length > found.Length && rest.StartsWith(mark.AsSpan(1)) ? mark : found;
            }

            bytes.AddRange(found.Length > 0 ? found : rest[..1]);
            rest = rest[Math.Max(1, found.Length - 1)..];
        }

        return [.. bytes];
    }

    /// <summary>Bytes of a token as a grammar takes them.</summary>
    internal byte[] BytesOf(int id) => _marks.TryGetValue(id, out byte[]? mark) ? mark : TextOf(id);

    /// <summary>Bytes of a token as a text has them.</summary>
    internal byte[] TextOf(int id) => id < Count ? _bytes(id) : [];
}
