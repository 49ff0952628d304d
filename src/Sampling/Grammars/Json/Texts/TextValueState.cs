using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>In a text that is a value.</summary>
/// <param name="inside">Where the text stands.</param>
/// <param name="frame">What is around it.</param>
/// <param name="links">Threads around it that each matcher serves.</param>
internal sealed class TextValueState(TextState inside, Frame frame, int[][] links) : JsonState(frame.Language)
{
    /// <inheritdoc/>
    public override bool IsAccepting => false;

    /// <inheritdoc/>
    public override int Needed(EndCosts costs) => inside.Needed((text, signs) =>
    {
        int least = EndCosts.Far;
        for (int i = 0; i < links.Length; i++)
        {
            int own = text.Matchers[i]?.Needed(costs, signs) ?? EndCosts.Far;
            least = own < EndCosts.Far ? Math.Min(least, EndCosts.Sum(own + 1, frame.NeededBehind(links[i], costs))) : least;
        }

        return least;
    });

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
