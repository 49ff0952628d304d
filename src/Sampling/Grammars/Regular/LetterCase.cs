using System.Text;

namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>Letters that differ in case only.</summary>
internal static class LetterCase
{
    private static readonly Lazy<(int Letter, int Other)[]> s_pairs = new(() => [.. Pairs()]);

    /// <summary>The set with each of its letters in the other case, too.</summary>
    public static CodePointSet Close(CodePointSet set) =>
        set.Union(CodePointSet.Of(s_pairs.Value.Where(p => set.Meets(p.Letter, p.Letter)).Select(p => (p.Other, p.Other))));

    private static IEnumerable<(int, int)> Pairs()
    {
        for (int point = 0; point <= CodePointSet.Last; point++)
        {
            if (!Rune.IsValid(point))
            {
                continue;
            }

            Rune rune = new(point);
            foreach (Rune other in (Rune[])[Rune.ToUpperInvariant(rune), Rune.ToLowerInvariant(rune)])
            {
                if (other != rune)
                {
                    yield return (point, other.Value);
                    yield return (other.Value, point);
                }
            }
        }
    }
}
