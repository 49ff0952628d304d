namespace LayerStream.Tokenization.PreTokenization;

/// <summary>A row of the pre-tokeniser table.</summary>
/// <param name="Names">Values of <c>tokenizer.ggml.pre</c>.</param>
/// <param name="Rules">Applied in order, each to every word the one before left.</param>
internal sealed record PreTokenizer(string[] Names, params SplitRule[] Rules)
{
    /// <summary>Whole-text decoding removes spaces before punctuation.</summary>
    public bool CleansUp { get; init; }

    /// <summary>A word that is a token is that token, whatever the merges say.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Default of <c>add_bos_token</c>.</summary>
    public bool AddsBos { get; init; }

    /// <summary>The historical default id of the beginning token holds.</summary>
    public bool HasDefaultBos { get; init; } = true;

    /// <summary>Symbols are characters of the text instead of bytes, and spaces are written U+2581.</summary>
    public bool IsRaw { get; init; }

    /// <summary>Without merges, any pair that makes a token may be joined.</summary>
    public bool MayLackMerges { get; init; }

    /// <summary>Ends of the words in code points, ascending; the last is the length of the text.</summary>
    public void Split(in CodePointText text, ref List<int> ends, ref List<int> spare)
    {
        ends.Clear();
        if (text.Length == 0)
        {
            return;
        }

        ends.Add(text.Length);
        foreach (SplitRule rule in Rules)
        {
            spare.Clear();
            rule.Apply(text, ends, spare);
            (ends, spare) = (spare, ends);
        }
    }
}
