namespace LayerStream.Tokenization;

/// <summary>The file's tokenizer is of a kind that is not implemented, or its description is incomplete.
/// Guessing would silently degrade the output, so it is refused by name.</summary>
public sealed class UnsupportedTokenizerException : Exception
{
    /// <summary>Creates the error for a tokenizer model and pre-tokeniser as named in the metadata.</summary>
    public UnsupportedTokenizerException(string? model, string? preTokenizer, string message)
        : base(message)
    {
        Model = model;
        PreTokenizer = preTokenizer;
    }

    /// <summary>Value of <c>tokenizer.ggml.model</c>, null when absent.</summary>
    public string? Model { get; }

    /// <summary>Value of <c>tokenizer.ggml.pre</c>, null when absent.</summary>
    public string? PreTokenizer { get; }
}
