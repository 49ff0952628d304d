namespace LayerStream.Tokenization.Vocabularies;

/// <summary>Kind of a token, numbered as in <c>tokenizer.ggml.token_type</c>.</summary>
public enum TokenType : byte
{
    /// <summary>Not described; has no text.</summary>
    Undefined = 0,

    /// <summary>An ordinary piece of text.</summary>
    Normal = 1,

    /// <summary>The token for text that cannot be encoded.</summary>
    Unknown = 2,

    /// <summary>A marker that is invisible in output unless asked for.</summary>
    Control = 3,

    /// <summary>An added token that is recognised in, and written to, plain text.</summary>
    UserDefined = 4,

    /// <summary>A reserved place; has no text.</summary>
    Unused = 5,

    /// <summary>A single byte, written <c>&lt;0xXX&gt;</c>.</summary>
    Byte = 6,
}
