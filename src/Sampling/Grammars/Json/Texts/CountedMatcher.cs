using LayerStream.Sampling.Grammars.Json.Schemas;
using LayerStream.Sampling.Grammars.Regular;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>A text by its length in code points.</summary>
/// <param name="table">The matchers.</param>
/// <param name="rule">The length.</param>
/// <param name="count">Code points so far, the one under way too.</param>
/// <param name="state">State of the automaton of all texts.</param>
internal sealed class CountedMatcher(TextMatchers table, TextRule rule, int count, int state) : TextMatcher
{
    /// <inheritdoc/>
    public override bool CanEnd => Dfa.AnyText.Accepts(state) && count >= rule.Least;

    /// <inheritdoc/>
    public override TextMatcher? Next(byte value)
    {
        int next = Dfa.AnyText.Next(state, value);
        bool begins = Dfa.AnyText.Accepts(state);
        return next < 0 || (begins && count >= rule.Most) ? null : table.Of(rule, begins ? count + 1 : count, next);
    }

    /// <inheritdoc/>
    public override TextMatcher Representative(int longestTokenBytes)
    {
        if (rule.Most - count <= longestTokenBytes)
        {
            return this;
        }

        return count >= rule.Least ? table.Of(rule, rule.Least, state)!
            : rule.Least - count > longestTokenBytes ? table.Of(rule, 0, state)! : this;
    }
}
