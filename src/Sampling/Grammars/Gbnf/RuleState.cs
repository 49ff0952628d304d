using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Gbnf;

/// <summary>Where a text stands in the rules of a grammar.</summary>
internal sealed class RuleState(RuleLanguage language, (int State, Continuation Behind)[] threads, bool isAccepting) : GrammarState
{
    private readonly RuleState?[] _next = new RuleState?[256];
    private readonly ulong[] _known = new ulong[4];

    /// <inheritdoc/>
    public override bool IsAccepting { get; } = isAccepting;

    /// <inheritdoc/>
    internal override bool IsShared => true;

    /// <inheritdoc/>
    public override GrammarState? Next(byte value)
    {
        ulong bit = 1UL << (value % 64);
        if ((_known[value / 64] & bit) == 0)
        {
            _next[value] = language.Next(threads, value);
            _known[value / 64] |= bit;
        }

        return _next[value];
    }
}
