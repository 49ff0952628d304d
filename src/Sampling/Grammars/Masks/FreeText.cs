namespace LayerStream.Sampling.Grammars.Masks;

/// <summary>
/// The tokens inside of a text that may be anything, from between two of its characters. They are the same in every grammar, and
/// most texts are such texts but for their first or last characters. Immutable.
/// </summary>
/// <param name="inside">Tokens that stay inside, one bit each.</param>
/// <param name="between">Nodes that lead from between two characters to between two characters, one bit each.</param>
/// <param name="exits">Nodes that leave the text, in their order.</param>
internal sealed class FreeText(ulong[] inside, ulong[] between, int[] exits)
{
    /// <summary>Tokens that stay inside, one bit each.</summary>
    public ulong[] Inside => inside;

    /// <summary>Nodes that leave the text, in their order.</summary>
    public ReadOnlySpan<int> Exits => exits;

    /// <summary>Whether a node stands between two characters again.</summary>
    public bool IsBetween(int node) => (between[node / 64] & (1UL << (node % 64))) != 0;

    /// <summary>Nodes that leave the text, among those from one to before another.</summary>
    public ReadOnlySpan<int> ExitsIn(int begin, int end) => exits.AsSpan(PlaceOf(begin)..PlaceOf(end));

    private int PlaceOf(int node) => Array.BinarySearch(exits, node) is >= 0 and int place ? place : ~Array.BinarySearch(exits, node);
}
