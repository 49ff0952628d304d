namespace LayerStream.Session.Catalogue;

/// <summary>Finds models by names as people type them.</summary>
public static class NameMatch
{
    private const int MostNear = 5;
    private const int MostTypedLength = 512;
    private static readonly string[] s_hosts = ["https://", "http://", "hf.co/", "huggingface.co/"];
    private static readonly char[] s_borders = [':', '-', '/', '.', ' '];

    /// <summary>
    /// The models a name means: those it names exactly, else those it is the beginning of, else those that have all its words. Case,
    /// <c>:latest</c>, <c>.gguf</c>, the hub's address and <c>_</c> for <c>-</c> make no difference.
    /// </summary>
    public static IReadOnlyList<CatalogueEntry> Find(IReadOnlyList<CatalogueEntry> entries, string typed)
    {
        string plain = Plain(typed), withoutOwner = plain[(plain.LastIndexOf('/') + 1)..];
        if (plain.Length is 0 or > MostTypedLength)
        {
            return [];
        }

        Func<string, bool>[] steps =
        [
            name => name == plain,
            name => Begins(name, plain),
            name => name == withoutOwner || Begins(name, withoutOwner),
            name => HasWords(name, withoutOwner),
        ];
        return steps.Select(step => entries.Where(e => Names(e).Any(step)).ToArray()).FirstOrDefault(found => found.Length > 0) ?? [];
    }

    /// <summary>Whether a name is one of a model's names, not only the beginning of one.</summary>
    public static bool IsWholeName(CatalogueEntry entry, string typed) => Names(entry).Contains(Plain(typed));

    /// <summary>Names that resemble one that nothing has, the most alike first.</summary>
    public static IReadOnlyList<string> Near(IReadOnlyList<CatalogueEntry> entries, string typed)
    {
        string plain = Plain(typed);
        plain = plain[(plain.LastIndexOf('/') + 1)..];
        return plain.Length is 0 or > MostTypedLength ? []
            : [.. entries.Select(e => (e.Name, Distance: Names(e).Min(name => Distance(name, plain))))
                .Where(n => n.Distance <= Math.Max(2, plain.Length / 2)).OrderBy(n => n.Distance).Take(MostNear).Select(n => n.Name)];
    }

    private static IEnumerable<string> Names(CatalogueEntry entry) => entry.Aliases.Append(entry.Name).Select(Plain);

    private static string Plain(string name)
    {
        string plain = name.Trim().ToLowerInvariant().Replace('_', '-');
        foreach (string host in s_hosts.Where(h => plain.StartsWith(h, StringComparison.Ordinal)))
        {
            plain = plain[host.Length..];
        }

        plain = plain.EndsWith(":latest", StringComparison.Ordinal) ? plain[..^7] : plain;
        return plain.EndsWith(".gguf", StringComparison.Ordinal) ? plain[..^5] : plain;
    }

    private static bool Begins(string name, string typed) =>
        name.StartsWith(typed, StringComparison.Ordinal) && name.Length > typed.Length && s_borders.Contains(name[typed.Length]);

    private static bool HasWords(string name, string typed)
    {
        string[] words = name.Split(s_borders);
        string[] wanted = typed.Split(s_borders, StringSplitOptions.RemoveEmptyEntries);
        return wanted.Length > 0 && wanted.All(w => words.Contains(w));
    }

    /// <summary>Letters to change, add or take away; of a longer name only its beginning counts, since people type the beginning.</summary>
    private static int Distance(string name, string typed)
    {
        string cut = name[..Math.Min(name.Length, typed.Length)];
        int[] row = [.. Enumerable.Range(0, cut.Length + 1)];
        for (int i = 1; i <= typed.Length; i++)
        {
            int corner = row[0];
            row[0] = i;
            for (int j = 1; j <= cut.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, corner + (typed[i - 1] == cut[j - 1] ? 0 : 1));
                corner = above;
            }
        }

        return row[cut.Length];
    }
}
