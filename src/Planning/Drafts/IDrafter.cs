namespace LayerStream.Planning.Drafts;

/// <summary>Guesses how a sequence goes on. A wrong guess costs time and nothing else: only what the sampler draws itself is
/// kept.</summary>
public interface IDrafter
{
    /// <summary>Where its guesses come from.</summary>
    DraftKind Kind { get; }

    /// <summary>Fills <paramref name="drafts"/> from its start with the tokens that may come next.</summary>
    /// <param name="history">Prompt and reply so far, oldest first.</param>
    /// <param name="drafts">Room for guesses.</param>
    /// <returns>Number of guesses; 0 = none.</returns>
    int Propose(IReadOnlyList<int> history, Span<int> drafts);

    /// <summary>How sure it is of a guess of its last proposal: 0 = it cannot tell, else a class of guesses that are about as often
    /// right.</summary>
    /// <param name="guess">Number of the guess.</param>
    int Sureness(int guess);
}
