namespace LayerStream.Architecture.Tests;

/// <summary>A rule that holds for the whole repository but for what <see cref="KnownExceptions"/> names.</summary>
internal sealed record HouseRule(string Name)
{
    internal static readonly HouseRule FolderIsNamespace = new("folder is namespace");
    internal static readonly HouseRule NoNamespaceCycle = new("no namespace cycle");
    internal static readonly HouseRule FileLength = new("file length");
    internal static readonly HouseRule MethodLength = new("method length");
    internal static readonly HouseRule LineLength = new("line length");
    internal static readonly HouseRule FieldName = new("field name");
    internal static readonly HouseRule PlainWord = new("plain word");
    internal static readonly HouseRule TestName = new("test name");
    internal static readonly HouseRule Sealed = new("sealed");
    internal static readonly HouseRule SeveralImplementations = new("several implementations");
    internal static readonly HouseRule LinkTarget = new("link target");
    internal static readonly HouseRule NoMachinePath = new("no machine path");

    internal static IReadOnlyList<HouseRule> All { get; } =
    [
        FolderIsNamespace, NoNamespaceCycle, FileLength, MethodLength, LineLength, FieldName, PlainWord, TestName, Sealed,
            SeveralImplementations, LinkTarget, NoMachinePath,
    ];

    /// <summary>Fails on every violation that is no known exception, and on every exception that nothing needs any more.</summary>
    internal void Check(IEnumerable<(string Subject, string Detail)> violations)
    {
        ILookup<string, string> found = violations.ToLookup(v => v.Subject, v => v.Detail);
        string[] known = [.. KnownExceptions.All.Where(e => e.Rule == this).Select(e => e.Subject)];
        string[] complaints =
        [
            .. found.Where(v => !known.Any(k => Covers(k, v.Key)))
            .Select(v => $"{Name}: {v.Key}{(v.First().Length > 0 ? $" ({v.First()})" : "")}"),
            .. known.Where(k => !found.Any(v => Covers(k, v.Key))).Select(k => $"{Name}: '{k}' is true again: take it off KnownExceptions"),
        ];
        Assert.True(complaints.Length == 0, string.Join('\n', complaints));
    }

    /// <summary>An exception stands for one subject, or with a slash at its end for all below a folder.</summary>
    private static bool Covers(string known, string subject) => known.EndsWith('/') ? subject.StartsWith(known, StringComparison.Ordinal)
        : subject == known;
}
