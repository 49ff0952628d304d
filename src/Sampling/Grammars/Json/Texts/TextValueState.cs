using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>In a text that is a value.</summary>
/// <param name="inside">Where the text stands.</param>
/// <param name="frame">What is around it.</param>
/// <param name="links">Threads around it that each matcher serves.</param>
internal sealed class TextValueState(TextState inside, Frame frame, int[][] links) : GrammarState
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
        TextState next => ReferenceEquals(next, inside) ? this : new TextValueState(next, frame, links),
        _ => null,
    };

    /// <inheritdoc/>
    internal override GrammarState? Leave(LocalState exit) =>
        frame.ChildEnded(Frame.Union(links.Where((_, i) => ((TextState)exit).Matchers[i] is not null)));
}
