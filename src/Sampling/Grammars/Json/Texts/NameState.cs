using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>In the name of a member.</summary>
internal sealed class NameState(TextState inside, ObjectFrame frame) : GrammarState
{
    /// <inheritdoc/>
    public override bool IsAccepting => false;

    /// <inheritdoc/>
    internal override LocalState? Local => inside.IsInside ? inside : null;

    /// <inheritdoc/>
    public override GrammarState? Next(byte value) => inside.Next(value) switch
    {
        null => null,
        { IsExit: true } exit => Leave(exit),
        TextState next => ReferenceEquals(next, inside) ? this : new NameState(next, frame),
        _ => null,
    };

    /// <inheritdoc/>
    internal override GrammarState? Leave(LocalState exit) => frame.Named(((TextState)exit).Matchers);
}
