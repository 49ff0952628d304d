namespace LayerStream.Planning.Drafts;

/// <summary>When guesses are tried.</summary>
public enum DraftMode
{
    /// <summary>Never.</summary>
    Off,

    /// <summary>While they pay.</summary>
    Auto,

    /// <summary>Always.</summary>
    Prompt,
}
