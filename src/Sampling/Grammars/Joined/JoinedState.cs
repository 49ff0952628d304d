using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Joined;

/// <summary>Where a joined text stands: in all pieces in which it can be understood to stand.</summary>
internal sealed class JoinedState(JoinedText text, JoinedThread[] threads, bool isAccepting) : GrammarState
{
    /// <inheritdoc/>
    public override bool IsAccepting { get; } = isAccepting;

    /// <inheritdoc/>
    internal override bool IsShared => Array.TrueForAll(threads, t => t.State.IsShared);

    /// <inheritdoc/>
    internal override LocalState? Local => threads is [{ State: { IsAccepting: false } state }] ? state.Local : null;

    /// <inheritdoc/>
    public override GrammarState? Next(byte value) => text.Next(threads, value);

    /// <inheritdoc/>
    internal override GrammarState? Leave(LocalState exit) =>
        threads[0].State.Leave(exit) is { } after ? text.Close([threads[0] with { State = after }]) : null;
}
