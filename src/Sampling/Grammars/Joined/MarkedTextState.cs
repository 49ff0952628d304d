using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Joined;

/// <summary>In a text in which marks are looked for.</summary>
internal sealed class MarkedTextState(MarkedText text, int number) : GrammarState
{
    /// <inheritdoc/>
    public override bool IsAccepting => text.MayEnd(number);

    /// <inheritdoc/>
    internal override bool IsShared => true;

    /// <inheritdoc/>
    public override GrammarState? Next(byte value) => text.Next(number, value);
}
