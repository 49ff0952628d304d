using System.Buffers;
using System.Globalization;
using System.Text;
using LayerStream.Formats;
using LayerStream.Tokenization.Encoders;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Tokenization;

/// <summary>Text to token ids and back, as the metadata of a GGUF file describes it. Immutable; safe for concurrent use.</summary>
public sealed class Tokenizer
{
    private static readonly byte[] s_allBytes = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];
    private readonly TokenizerParts _parts;

    private Tokenizer(TokenizerParts parts)
    {
        _parts = parts;
        BosText = parts.BosId is int bos ? TokenText(bos) : "";
        EosText = parts.EosId is int eos ? TokenText(eos) : "";
    }

    /// <summary>Number of tokens; ids are below it.</summary>
    public int VocabularySize => _parts.Vocabulary.Size;

    /// <summary>The token that begins a text, null when there is none.</summary>
    public int? BosId => _parts.BosId;

    /// <summary>The token that ends a text, null when there is none.</summary>
    public int? EosId => _parts.EosId;

    /// <summary>Marks of fill-in-the-middle; null = the model knows none.</summary>
    public FillTokens? Fill => _parts.Fill;

    /// <summary>Whether encoding with special tokens puts <see cref="BosId"/> first.</summary>
    public bool AddBos => _parts.AddBos;

    /// <summary>Whether encoding with special tokens puts <see cref="EosId"/> last.</summary>
    public bool AddEos => _parts.AddEos;

    /// <summary>Ids that end a generation.</summary>
    public IReadOnlySet<int> EndOfGeneration => _parts.EndOfGeneration;

    /// <summary>Ids that must never be sampled.</summary>
    public IReadOnlyList<int> SuppressedIds => _parts.SuppressedIds;

    /// <summary>Whether whole-text decoding of this vocabulary customarily removes spaces before punctuation.</summary>
    public bool CleansUp => _parts.CleansUp;

    /// <summary>The chat template to use when none is asked for: the file's default one, or the only one there is; null when it has none,
    /// or a choice.</summary>
    public string? ChatTemplate => _parts.ChatTemplate;

    /// <summary>All chat templates of the file by name; the default one under <see cref="Formats.ChatTemplates.DefaultName"/>.</summary>
    public IReadOnlyDictionary<string, string> ChatTemplates => _parts.ChatTemplates;

    /// <summary>Text of <see cref="BosId"/>, empty when there is none.</summary>
    public string BosText { get; }

    /// <summary>Text of <see cref="EosId"/>, empty when there is none.</summary>
    public string EosText { get; }

    /// <summary>A doubt about the file that a user should hear of, or null.</summary>
    public string? Warning => _parts.Warning;

    /// <summary>Bytes held by the tables.</summary>
    public long ApproximateBytes =>
        _parts.Vocabulary.ApproximateBytes + _parts.Encoder.ApproximateBytes + _parts.Specials.ApproximateBytes
        + (2L * _parts.ChatTemplates.Values.Sum(t => (long)t.Length)) + 4096;

    /// <summary>Reads the tokenizer of a file.</summary>
    /// <exception cref="UnsupportedTokenizerException">The model or pre-tokeniser is not known, or tokens or merges are
    /// missing.</exception>
    public static Tokenizer FromMetadata(GgufMetadata metadata) => new(TokenizerReader.Read(metadata));

    /// <summary>Why <see cref="FromMetadata"/> would refuse, or null.</summary>
    public static string? Unsupported(GgufMetadata metadata) => TokenizerReader.Unsupported(metadata);

    /// <summary>The type of a token.</summary>
    public TokenType TypeOf(int id) => _parts.Vocabulary.TypeOf(id);

    /// <summary>The text of a token as the file writes it, in the vocabulary's alphabet.</summary>
    public string TokenText(int id) => _parts.Vocabulary.TextOf(id);

    /// <summary>The bytes a token contributes to decoded text.</summary>
    /// <param name="id">A token id; ids outside the vocabulary (padding rows of the output matrix) have no bytes.</param>
    /// <param name="special">Control and unknown tokens contribute their text instead of nothing.</param>
    public ReadOnlySpan<byte> PieceBytes(int id, bool special = false)
    {
        Vocabulary vocabulary = _parts.Vocabulary;
        if ((uint)id >= (uint)vocabulary.Size)
        {
            return [];
        }

        return vocabulary.TypeOf(id) switch
        {
            TokenType.Normal => vocabulary.Pieces[id],
            TokenType.UserDefined => vocabulary.LiteralOf(id),
            TokenType.Control or TokenType.Unknown => special ? vocabulary.LiteralOf(id) : [],
            TokenType.Byte => SingleByte(vocabulary.Pieces[id]),
            _ => [],
        };
    }

    /// <summary>Encodes text. Lone surrogates become U+FFFD.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="addSpecial">Put the beginning and end tokens where the file asks for them.</param>
    /// <param name="parseSpecial">Recognise control tokens in the text; keep it off for text of users.</param>
    public int[] Encode(string text, bool addSpecial, bool parseSpecial) => Encode(text, addSpecial, parseSpecial, []);

    /// <summary>
    /// As the other, but control tokens that reach into one of the given ranges are text there. Other texts get the same ids as
    /// without ranges: a border of a range is no border of tokens.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <param name="addSpecial">Put the beginning and end tokens where the file asks for them.</param>
    /// <param name="parseSpecial">Recognise control tokens outside of the ranges.</param>
    /// <param name="plain">Sorted, disjoint ranges of UTF-16 units, counted from the start, that hold text of users.</param>
    public int[] Encode(string text, bool addSpecial, bool parseSpecial, IReadOnlyList<Range> plain)
    {
        ArgumentNullException.ThrowIfNull(plain);
        var ids = new List<int>((text.Length / 3) + 4);
        if (addSpecial && AddBos && BosId is int bos)
        {
            ids.Add(bos);
        }

        EncodeScratch? scratch = null;
        foreach (SpecialTokenIndex.Fragment fragment in _parts.Specials.Partition(text, parseSpecial, plain))
        {
            if (fragment.Token >= 0)
            {
                ids.Add(fragment.Token);
            }
            else
            {
                scratch ??= new EncodeScratch();
                _parts.Encoder.Encode(text.AsSpan(fragment.Start, fragment.End - fragment.Start), scratch, ids);
            }
        }

        if (addSpecial && AddEos && EosId is int eos)
        {
            ids.Add(eos);
        }

        return [.. ids];
    }

    /// <summary>Decodes a whole text; invalid UTF-8 becomes U+FFFD. The space that encoding put first is dropped.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="special">Write control tokens out.</param>
    /// <param name="cleanUp">Also remove spaces before punctuation if <see cref="CleansUp"/>; loses information.</param>
    public string Decode(IEnumerable<int> ids, bool special = false, bool cleanUp = false)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        bool first = true;
        foreach (int id in ids)
        {
            ReadOnlySpan<byte> piece = PieceBytes(id, special);
            bool dropsSpace = first && _parts.SpacePrefix && piece is [(byte)' ', ..];
            bytes.Write(dropsSpace ? piece[1..] : piece);
            first = false;
        }

        string text = Encoding.UTF8.GetString(bytes.WrittenSpan);
        return cleanUp && CleansUp ? TextCleanUp.Apply(text) : text;
    }

    private static ReadOnlySpan<byte> SingleByte(ReadOnlySpan<byte> text) =>
        text.Length == 6 && byte.TryParse(text.Slice(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? s_allBytes.AsSpan(value, 1)
            : text;
}
