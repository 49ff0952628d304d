namespace LayerStream.Tokenization.Encoders;

/// <summary>Encodes raw text between special tokens.</summary>
internal abstract class FragmentEncoder
{
    /// <summary>Bytes held beyond the vocabulary.</summary>
    public abstract long ApproximateBytes { get; }

    /// <summary>Appends the ids of a non-empty fragment.</summary>
    public abstract void Encode(ReadOnlySpan<char> fragment, EncodeScratch scratch, List<int> ids);
}
