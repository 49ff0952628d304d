using System.Text;
using LayerStream.Formats;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Tokenization.Tests;

/// <summary>Makes small GGUF vocabularies and reads them back as metadata.</summary>
internal sealed class SyntheticVocabulary
{
    private readonly MemoryStream _entries = new();
    private readonly List<(string Text, TokenType Type, float Score)> _tokens = [];
    private readonly List<string> _merges = [];
    private readonly bool _hasMerges;
    private bool _hasTypes = true;
    private bool _hasWholeScores;
    private int _count;

    private SyntheticVocabulary(string model, string? pre)
    {
        Set("general.architecture", "llama");
        Set("tokenizer.ggml.model", model);
        if (pre is not null)
        {
            Set("tokenizer.ggml.pre", pre);
        }

        _hasMerges = model != "llama";
    }

    /// <summary>Byte-level BPE with the 256 byte tokens: the id of a byte is the byte.</summary>
    public static SyntheticVocabulary Bytes(string? pre = "gpt-2")
    {
        var made = new SyntheticVocabulary("gpt2", pre);
        for (int b = 0; b < 256; b++)
        {
            made.Token(ByteAlphabet.Instance.ToText([(byte)b]));
        }

        return made;
    }

    /// <summary>SentencePiece-BPE with unknown, beginning and end tokens and 256 byte tokens from id 3 on.</summary>
    public static SyntheticVocabulary Scored()
    {
        SyntheticVocabulary made = new SyntheticVocabulary("llama", null)
            .Token("<unk>", TokenType.Unknown).Token("<s>", TokenType.Control).Token("</s>", TokenType.Control);
        for (int b = 0; b < 256; b++)
        {
            made.Token($"<0x{b:X2}>", TokenType.Byte);
        }

        return made;
    }

    public static SyntheticVocabulary Empty(string model, string? pre) => new(model, pre);

    public SyntheticVocabulary Token(string text, TokenType type = TokenType.Normal, float score = 0)
    {
        _tokens.Add((text, type, score));
        return this;
    }

    /// <summary>Leaves the column of types out.</summary>
    public SyntheticVocabulary WithoutTypes()
    {
        _hasTypes = false;
        return this;
    }

    /// <summary>Writes scores as whole numbers.</summary>
    public SyntheticVocabulary WithWholeScores()
    {
        _hasWholeScores = true;
        return this;
    }

    public SyntheticVocabulary Merge(string merge)
    {
        _merges.Add(merge);
        return this;
    }

    public int IdOf(string text) => _tokens.FindIndex(token => token.Text == text);

    public SyntheticVocabulary Set(string key, string value)
    {
        Key(key, 8);
        Write(_entries, value);
        return this;
    }

    public SyntheticVocabulary Set(string key, bool value)
    {
        Key(key, 7);
        _entries.WriteByte(value ? (byte)1 : (byte)0);
        return this;
    }

    public SyntheticVocabulary Set(string key, uint value)
    {
        Key(key, 4);
        _entries.Write(BitConverter.GetBytes(value));
        return this;
    }

    public Tokenizer Tokenizer() => Tokenization.Tokenizer.FromMetadata(Metadata());

    public GgufMetadata Metadata()
    {
        Array("tokenizer.ggml.tokens", 8, _tokens.Count, i => Write(_entries, _tokens[i].Text));
        if (_hasTypes)
        {
            Array("tokenizer.ggml.token_type", 5, _tokens.Count, i => _entries.Write(BitConverter.GetBytes((int)_tokens[i].Type)));
        }

        Array("tokenizer.ggml.scores", _hasWholeScores ? 5 : 6, _tokens.Count,
            i => _entries.Write(_hasWholeScores ? BitConverter.GetBytes((int)_tokens[i].Score) : BitConverter.GetBytes(_tokens[i].Score)));
        if (_hasMerges)
        {
            Array("tokenizer.ggml.merges", 8, _merges.Count, i => Write(_entries, _merges[i]));
        }

        string path = Path.Combine(Path.GetTempPath(), $"vocabulary-{Guid.NewGuid():N}.gguf");
        using (FileStream file = File.Create(path))
        {
            file.Write("GGUF"u8);
            file.Write(BitConverter.GetBytes(3));
            file.Write(BitConverter.GetBytes(0L));
            file.Write(BitConverter.GetBytes((long)_count));
            file.Write(_entries.ToArray());
        }

        try
        {
            return GgufModel.Open(path).Metadata;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private void Array(string key, int elementType, int count, Action<int> write)
    {
        Key(key, 9);
        _entries.Write(BitConverter.GetBytes(elementType));
        _entries.Write(BitConverter.GetBytes((long)count));
        for (int i = 0; i < count; i++)
        {
            write(i);
        }
    }

    private void Key(string key, int type)
    {
        Write(_entries, key);
        _entries.Write(BitConverter.GetBytes(type));
        _count++;
    }

    private static void Write(Stream stream, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        stream.Write(BitConverter.GetBytes((long)bytes.Length));
        stream.Write(bytes);
    }
}
