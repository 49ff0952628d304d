namespace LayerStream.Actors.Drafts;

/// <summary>A file that cannot guess for the model: it would guess in other tokens, or could not stay in memory.</summary>
public sealed class DraftModelException(string path, string reason)
    : Exception($"{path} cannot draft for this model: {reason}")
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>What is in the way.</summary>
    public string Reason { get; } = reason;
}
