using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>In the name of a member.</summary>
internal sealed class NameState(TextState inside, ObjectFrame frame) : JsonState(frame.Language)
{
    /// <inheritdoc/>
    public override bool IsAccepting => false;

    /// <inheritdoc/>
    public override int Needed(EndCosts costs) => Needed(costs, isQuoted: true);

    /// <summary>Tokens with which the text can be ended.</summary>
    /// <param name="costs">The costs.</param>
    /// <param name="isQuoted">Whether the opening quote is there already.</param>
    public int Needed(EndCosts costs, bool isQuoted) => inside.Needed(
        (text, signs) => frame.NeededIn(text.Matchers, costs, isQuoted, signs));

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
