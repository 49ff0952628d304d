using LayerStream.Sampling.Grammars.Masks;
using LayerStream.Tokenization;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Sampling.Grammars;

/// <summary>The tokens of a vocabulary as grammars see them. Made once for a model; immutable.</summary>
public sealed class TokenTexts
{
    private readonly Func<int, byte[]> _bytes;

    /// <summary>Texts of tokens.</summary>
    /// <param name="count">Number of tokens.</param>
    /// <param name="bytes">Bytes of a token by id, those of control tokens too.</param>
    /// <param name="isText">Whether the token stands for a text; control tokens do not.</param>
    /// <param name="ends">Tokens that end an answer.</param>
    public TokenTexts(int count, Func<int, byte[]> bytes, Func<int, bool> isText, IReadOnlySet<int> ends)
    {
        _bytes = bytes;
        Count = count;
        Ends = ends;
        Trie = new TokenTrie(Enumerable.Range(0, count).Where(id => isText(id) && !ends.Contains(id)).Select(id => (id, bytes(id))));
    }

    /// <summary>Number of tokens.</summary>
    public int Count { get; }

    /// <summary>Tokens that end an answer.</summary>
    public IReadOnlySet<int> Ends { get; }

    internal TokenTrie Trie { get; }

    /// <summary>The tokens of a tokenizer.</summary>
    public static TokenTexts Of(Tokenizer tokenizer) => new(
        tokenizer.VocabularySize,
        id => tokenizer.PieceBytes(id, special: true).ToArray(),
        id => tokenizer.TypeOf(id) is TokenType.Normal or TokenType.UserDefined or TokenType.Byte,
        tokenizer.EndOfGeneration);

    internal byte[] BytesOf(int id) => id < Count ? _bytes(id) : [];
}
