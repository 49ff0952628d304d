namespace LayerStream.Planning.Drafts;

/// <summary>
/// What the memory of a draft model costs the model that it guesses for: weights that would stay without it are read in every pass. A gate
/// can let it rest, but not give that memory back, so that it is decided before anything is loaded.
/// </summary>
/// <param name="StreamedBytes">Weights that a token demands from flash beside the draft model; null = the budget has no room for
/// it.</param>
/// <param name="StreamedBytesWithout">The same without the draft model.</param>
public sealed record DraftModelCost(long? StreamedBytes, long StreamedBytesWithout)
{
    /// <summary>Most that a pass may grow by for guesses of which nothing is known yet: it is lost where they turn out wrong.</summary>
    public const double MostGrowth = 1.25;

    /// <summary>Whether it is too much to try what the guesses are worth.</summary>
    public bool IsTooMuch => StreamedBytes is not { } with || with > MostGrowth * StreamedBytesWithout;
}
