using LayerStream.Planning.Drafts;

namespace LayerStream.Session.Reports;

/// <summary>Guesses of one kind.</summary>
public sealed record DraftReport
{
    /// <summary>Guesses that passes tried.</summary>
    public required long Drafted { get; init; }

    /// <summary>Of them, those that were drawn as well.</summary>
    public required long Accepted { get; init; }

    /// <summary>The kinds of which some were tried, by name; null = none were.</summary>
    public static IReadOnlyDictionary<string, DraftReport>? Of(IReadOnlyList<DraftCount> counts)
    {
        DraftCount[] tried = [.. counts.Where(c => c.Drafted > 0)];
        return tried.Length == 0 ? null
            : tried.ToDictionary(c => c.Kind.Name(), c => new DraftReport { Drafted = c.Drafted, Accepted = c.Accepted });
    }
}
