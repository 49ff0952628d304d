namespace LayerStream.Planning.Drafts;

/// <summary>Where a guess comes from.</summary>
public enum DraftKind
{
    /// <summary>The sequence's own text.</summary>
    Prompt,

    /// <summary>A grammar that leaves one continuation only.</summary>
    Grammar,

    /// <summary>A smaller model.</summary>
    Model,
}
