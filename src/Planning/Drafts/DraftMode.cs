namespace LayerStream.Planning.Drafts;

/// <summary>When guesses are tried.</summary>
public enum DraftMode
{
    /// <summary>Never.</summary>
    Off,

    /// <summary>While they pay, from whatever there is.</summary>
    Auto,

    /// <summary>Always, from the sequence's own text.</summary>
    Prompt,

    /// <summary>Always, by a smaller model.</summary>
    Model,
}
