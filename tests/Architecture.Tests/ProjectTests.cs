using System.Xml.Linq;

namespace LayerStream.Architecture.Tests;

public sealed class ProjectTests
{
    private static readonly string[] s_mayBeUnsafe = ["Memory", "Storage", "Kernels"];

    public static TheoryData<string> Projects => [.. Repository.Projects];

    [Fact]
    public void Table_OfProjects_NamesEachFolder() =>
        Assert.Equal(Repository.Projects, TableRows().Select(r => r.Project).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_References_AreThoseOfTheTable(string project)
    {
        (string _, string[] stated) = TableRows().Single(r => r.Project == project);
        Assert.Equal(stated.Order(StringComparer.Ordinal), References(project).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void UnsafeCode_IsAllowed_OnlyWhereTheTableSaysSo(string project) =>
        Assert.Equal(s_mayBeUnsafe.Contains(project), Elements(project, "AllowUnsafeBlocks").Any(e => e.Value == "true"));

    [Theory]
    [InlineData("Session")]
    [InlineData("Actors")]
    [InlineData("Engine")]
    [InlineData("Extensions.AI")]
    public void Library_Compiled_NeedsNoWebServer(string project) =>
        Assert.DoesNotContain(CompiledCode.Modules[Repository.Projects.ToList().IndexOf(project)].AssemblyReferences,
            r => r.Name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));

    private static IEnumerable<string> References(string project) =>
        Elements(project, "ProjectReference").Select(e =>
            Path.GetFileNameWithoutExtension(e.Attribute("Include")!.Value.Replace('\\', '/')));

    private static IEnumerable<XElement> Elements(string project, string name) =>
        XDocument.Load(Repository.ProjectFile(project)).Descendants(name);

    /// <summary>The rows of the table in docs/architecture.md, "all above" written out.</summary>
    private static List<(string Project, string[] References)> TableRows()
    {
        List<(string Project, string[] References)> rows = [];
        foreach (string line in File.ReadLines(Path.Combine(Repository.Root, "docs/architecture.md"))
            .Where(l => l.StartsWith("| `src/", StringComparison.Ordinal)))
        {
            string[] cells = line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries);
            string stated = cells[^1].Split(';')[0];
            string[] references = stated switch
            {
                "nothing" => [],
                "all above" or "all" => [.. rows.Select(r => r.Project)],
                _ => stated.Split(", "),
            };
            rows.Add((cells[0].Trim('`')["src/".Length..], references));
        }

        return rows;
    }
}
