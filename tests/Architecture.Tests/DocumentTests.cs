using System.Text.RegularExpressions;

namespace LayerStream.Architecture.Tests;

public sealed partial class DocumentTests
{
    private static readonly string[] s_text = [".md", ".cs", ".csproj", ".props", ".py", ".sh", ".yml", ".json", ".js", ".html",
        ".svg", ".txt"];

    [Fact]
    public void Links_OfDocumentsAndCode_LeadToFiles() => HouseRule.LinkTarget.Check(FromDocuments().Concat(FromCode()));

    [Fact]
    public void TextFiles_OfTheRepository_NameNoMachinePath() => HouseRule.NoMachinePath.Check(
        from path in Repository.Files("", s_text)
        where Path.GetFileName(path) != "DocumentTests.cs"
        from line in File.ReadLines(Path.Combine(Repository.Root, path))
        where MachinePath().IsMatch(line)
        select (path, MachinePath().Match(line).Value));

    [Fact]
    public void Tests_NamedInDocuments_Exist()
    {
        Dictionary<string, string> sources = Repository.Files("tests", ".cs").GroupBy(Path.GetFileNameWithoutExtension)
            .ToDictionary(g => g.Key!, g => string.Concat(g.Select(f => File.ReadAllText(Path.Combine(Repository.Root, f)))));
        string[] missing = [.. Repository.Files("", ".md")
            .SelectMany(document => NamedTests().Matches(File.ReadAllText(Path.Combine(Repository.Root, document)))
                .Where(m => !sources.GetValueOrDefault(m.Groups[1].Value, "").Contains($" {m.Groups[2].Value}(", StringComparison.Ordinal))
                .Select(m => $"{document}: {m.Value}"))];
        Assert.Empty(missing);
    }

    private static IEnumerable<(string Subject, string Detail)> FromDocuments() =>
        from document in Repository.Files("", ".md")
        let text = File.ReadAllText(Path.Combine(Repository.Root, document))
        let folder = Path.GetDirectoryName(document)!
        from target in Links().Matches(text).Select(m => Path.Combine(folder, m.Groups[1].Value))
            .Concat(Paths().Matches(text).Select(m => m.Value))
        where !Exists(target)
        select ($"{document}: {target}", "");

    private static IEnumerable<(string Subject, string Detail)> FromCode() =>
        from file in SourceFile.Program
        from target in Paths().Matches(file.Text).Select(m => m.Value)
        where target.EndsWith(".md", StringComparison.Ordinal) && !Exists(target)
        select ($"{file.Path}: {target}", "");

    private static bool Exists(string path) => Path.Exists(Path.Combine(Repository.Root, path.TrimEnd('.', '/')));

    [GeneratedRegex(@"`(\w+Tests)\.(\w+_\w+)`")]
    private static partial Regex NamedTests();

    [GeneratedRegex(@"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"(?<![\w./-])(?:docs|src|tests|benchmarks|\.ci)/(?>[\w./-]+)(?![*<{…])")]
    private static partial Regex Paths();

    [GeneratedRegex(@"(?<![\w.])/(?:work/|root/|tmp/[a-z]+/|home/(?!user\b|me\b)\w+)")]
    private static partial Regex MachinePath();
}
