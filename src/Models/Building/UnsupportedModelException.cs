namespace LayerStream.Models.Building;

/// <summary>A sound file that this build cannot run; carries everything that is missing, not only the first thing.</summary>
public sealed class UnsupportedModelException(IReadOnlyList<string> gaps)
    : Exception("this model cannot run here: " + string.Join("; ", gaps))
{
    /// <summary>One sentence for each missing thing.</summary>
    public IReadOnlyList<string> Gaps { get; } = gaps;
}
