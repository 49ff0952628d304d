using System.Xml.Linq;

namespace LayerStream.Architecture.Tests;

/// <summary>The folders and files of the clone that the tests were built in.</summary>
internal static class Repository
{
    private static readonly string[] s_notOurs = ["bin", "obj", ".git", "node_modules", "TestResults", "artifacts"];

    internal static string Root { get; } = FindRoot();

    /// <summary>Names of the projects: the folders under src that hold a project file.</summary>
    internal static IReadOnlyList<string> Projects { get; } =
        [.. Directory.GetDirectories(Path.Combine(Root, "src")).Select(f => Path.GetFileName(f)).Where(n => File.Exists(ProjectFile(n)))
            .Order(StringComparer.Ordinal)];

    internal static string ProjectFile(string project) => Path.Combine(Root, "src", project, project + ".csproj");

    /// <summary>Name of what a project is compiled to.</summary>
    internal static string Assembly(string project) =>
        XDocument.Load(ProjectFile(project)).Descendants("AssemblyName").Select(e => e.Value).FirstOrDefault() ?? $"LayerStream.{project}";

    /// <summary>Paths relative to the root, with forward slashes, of all files below a folder whose names end so.</summary>
    internal static IEnumerable<string> Files(string folder, params string[] endings)
    {
        Stack<string> pending = new([Path.Combine(Root, folder)]);
        while (pending.TryPop(out string? place))
        {
            foreach (string child in Directory.GetDirectories(place).Where(c => !s_notOurs.Contains(Path.GetFileName(c))))
            {
                pending.Push(child);
            }

            foreach (string file in Directory.GetFiles(place).Where(f => endings.Any(e => f.EndsWith(e, StringComparison.Ordinal))))
            {
                yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
            }
        }
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LayerStream.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException($"LayerStream.sln is not above {AppContext.BaseDirectory}");
    }
}
