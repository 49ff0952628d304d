using LayerStream.Sampling.Grammars.Json.Schemas;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>A text by its length in code points, and by an automaton.</summary>
/// <param name="table">The matchers.</param>
/// <param name="rule">The texts.</param>
/// <param name="count">Code points so far, the one under way too.</param>
/// <param name="state">State of the automaton.</param>
internal sealed class CountedMatcher(TextMatchers table, TextRule rule, int count, int state) : TextMatcher
{
    private const int LeadMask = 0xC0, Continuation = 0x80;

    /// <inheritdoc/>
    public override bool CanEnd => rule.Texts.Accepts(state) && count >= rule.Least;

    /// <inheritdoc/>
    public override bool IsFree(int bytes) =>
        rule.Texts == Regular.Dfa.AnyText && state == rule.Texts.Start && rule.IsFar(count, bytes);

    /// <inheritdoc/>
    public override int Needed(EndCosts costs, byte[] signs) => costs.Inside(rule, count, state, signs);

    /// <inheritdoc/>
    public override TextMatcher? Next(byte value)
    {
        int next = rule.Texts.Next(state, value), length = (value & LeadMask) == Continuation ? count : count + 1;
        return next < 0 || !rule.CanEnd(next, length) ? null : table.Of(rule, length, next);
    }

    /// <inheritdoc/>
    public override TextMatcher Representative(int longestTokenBytes)
    {
        if (rule.IsFar(count, longestTokenBytes))
        {
            return table.Of(rule.Texts, state)!;
        }

        // Before the least length of any text, nothing can end yet wherever it stands.
        bool isEarly = rule.Texts == Regular.Dfa.AnyText && rule.Least - count > longestTokenBytes
            && !(rule.Most - count <= longestTokenBytes);
        return isEarly ? table.Of(rule, 0, state)! : this;
    }
}
