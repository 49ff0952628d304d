namespace LayerStream.Sampling.Grammars.States;

/// <summary>
/// Where a text stands in its grammar. Immutable; some continuation leads from every state to an accepted text, so a text is a
/// prefix of an accepted one as long as there is a state.
/// </summary>
public abstract class GrammarState
{
    /// <summary>Whether the text so far is accepted.</summary>
    public abstract bool IsAccepting { get; }

    /// <summary>The part of this state that does not depend on what stands around it, or null.</summary>
    internal virtual LocalState? Local => null;

    /// <summary>Whether equal states are one object, so that what is worked out for one can be kept.</summary>
    internal virtual bool IsShared => false;

    /// <summary>How far the text is from an end; null = not known.</summary>
    /// <param name="count">Counts tokens; the same one in every call.</param>
    internal virtual TextEnding? Ending(TokenCount count) => null;

    /// <summary>How much further from its end one token can bring a text, as <see cref="Ending"/> says it; 0 = not known yet.</summary>
    internal virtual int Growth => 0;

    /// <summary>The state one byte further, or null when no accepted text goes on so.</summary>
    public abstract GrammarState? Next(byte value);

    /// <summary>The state after <see cref="Local"/> was left through <paramref name="exit"/>.</summary>
    internal virtual GrammarState? Leave(LocalState exit) =>
        throw new InvalidOperationException("A state without a local part is not left.");
}

/// <summary>
/// A part of a state that many states have in common, the inside of a text for example. Interned, so that what is worked out for
/// one serves all of them.
/// </summary>
internal abstract class LocalState
{
    /// <summary>Whether the part ends here; what follows depends on what stands around it.</summary>
    public abstract bool IsExit { get; }

    /// <summary>Whether all that stays inside is as far from an end as this is, but for the bytes of a character.</summary>
    public virtual bool IsEven => false;

    /// <summary>The state one byte further, or null.</summary>
    public abstract LocalState? Next(byte value);

    /// <summary>Whether it is a JSON text between two characters, in which anything may follow for so many bytes, and nothing within
    /// them matters behind its quote.</summary>
    public virtual bool IsFree(int bytes) => false;

    /// <summary>A state that lets the same tokens of at most this many bytes through.</summary>
    public virtual LocalState Representative(int longestTokenBytes) => this;
}
