using LayerStream.Sampling.Grammars.Regular;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>A text by an automaton.</summary>
internal sealed class DfaMatcher(TextMatchers table, Dfa dfa, int state) : TextMatcher
{
    /// <inheritdoc/>
    public override bool CanEnd => dfa.Accepts(state);

    /// <inheritdoc/>
    public override bool TakesAll => dfa == Dfa.AnyText;

    /// <inheritdoc/>
    public override bool IsFree(int bytes) => dfa == Dfa.AnyText && state == dfa.Start;

    /// <inheritdoc/>
    public override int Needed(EndCosts costs, byte[] signs) => costs.Inside(dfa, state, signs);

    /// <inheritdoc/>
    public override TextMatcher? Next(byte value) => table.Of(dfa, dfa.Next(state, value));
}
