using System.Runtime.CompilerServices;
using System.Text.Json;

namespace LayerStream.Templates.Tests;

/// <summary>Finds the template cases in the repository and, when present, in the golden folder beside it.</summary>
internal static class TemplateData
{
    public static readonly string[] Folders = FindFolders();

    private static readonly JsonElement s_cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folders[0], "cases.json"))).RootElement;

    /// <summary>Template files, each name once.</summary>
    public static IEnumerable<string> Files() => Folders
        .SelectMany(x => Directory.EnumerateFiles(x, "*.jinja"))
        .DistinctBy(Path.GetFileName)
        .Order(StringComparer.Ordinal);

    public static string PathOf(string name) => Files().First(x => Path.GetFileNameWithoutExtension(x) == name);

    public static JsonElement Expectations(string file) =>
        JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(file, ".json"))).RootElement;

    /// <summary>Variables of one case with the clock and tokens all cases share.</summary>
    public static TemplateVariables Variables(string name)
    {
        var variables = TemplateVariables.FromJson(s_cases.GetProperty("cases").GetProperty(name));
        variables.Now = s_cases.GetProperty("now").GetDateTime();
        variables.Set("bos_token", s_cases.GetProperty("bos_token").GetString());
        variables.Set("eos_token", s_cases.GetProperty("eos_token").GetString());
        return variables;
    }

    private static string[] FindFolders([CallerFilePath] string source = "")
    {
        string root = new[] { AppContext.BaseDirectory, Path.GetDirectoryName(source)! }.Select(FindRoot).First(x => x is not null)!;
        string own = Path.Combine(root, "tests", "Templates.Tests", "data", "templates");
        string golden = Path.Combine(root, "..", "shared", "golden", "templates");
        return Directory.Exists(golden) ? [own, golden] : [own];
    }

    private static string? FindRoot(string? folder)
    {
        while (folder is not null && !File.Exists(Path.Combine(folder, "Directory.Packages.props")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder;
    }
}
