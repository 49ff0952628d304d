namespace LayerStream.Planning.Batches;

/// <summary>
/// A piece of a state that is kept outside memory. Its name says all that it depends on: whose it is, every token before it, and its own.
/// </summary>
/// <param name="kind">What it holds.</param>
/// <param name="parent">Name of the full page in front of it, or of the root.</param>
/// <param name="name">Name of its tokens behind that.</param>
/// <param name="first">Position of its first token, a multiple of <see cref="KeptPieces.PageTokens"/>.</param>
/// <param name="count">Its tokens: of a page 1 to <see cref="KeptPieces.PageTokens"/>, of a snapshot those between the last full page and
/// the place it stands behind, fewer than that.</param>
/// <param name="bytes">Bytes it takes.</param>
public sealed class KeptPiece(KeptKind kind, UInt128 parent, UInt128 name, int first, int count, long bytes)
{
    /// <summary>What it holds.</summary>
    public KeptKind Kind => kind;

    /// <summary>Name of the full page in front of it, or of the root.</summary>
    public UInt128 Parent => parent;

    /// <summary>Name of its tokens behind that.</summary>
    public UInt128 Name => name;

    /// <summary>Position of its first token.</summary>
    public int First => first;

    /// <summary>Its tokens.</summary>
    public int Count => count;

    /// <summary>Position behind its last token.</summary>
    public int End => first + count;

    /// <summary>Bytes it takes.</summary>
    public long Bytes => bytes;

    /// <summary>When it was used last.</summary>
    public long LastUse { get; set; }
}
