using System.Runtime.CompilerServices;

namespace LayerStream.Tokenization.Tests;

/// <summary>Where real vocabularies and their texts lie: beside the repository, or the few copied into it.</summary>
internal static class VocabularyFolders
{
    /// <summary>The folder of the repository.</summary>
    public static string Repository => Root() ?? throw new InvalidOperationException("The tests run outside of the repository.");

    /// <summary>The vocabulary file and the texts of a golden case, null when absent.</summary>
    public static (string Model, string Folder)? Find(string name)
    {
        string? root = Root();
        if (root is null)
        {
            return null;
        }

        string shared = Path.Combine(root, "..", "shared");
        foreach (string folder in new[] { Path.Combine(shared, "golden", "vocab"),
            Path.Combine(root, "tests", "Tokenization.Tests", "data", "vocab") })
        {
            string model = name == "smollm2"
                ? Path.Combine(shared, "models", "SmolLM2-135M-Instruct-Q4_1.gguf")
                : Path.Combine(folder, name + ".gguf");
            if (File.Exists(model) && File.Exists(Path.Combine(folder, name + ".json")))
            {
                return (model, folder);
            }
        }

        return null;
    }

    private static string? Root([CallerFilePath] string source = "") =>
        new[] { AppContext.BaseDirectory, Path.GetDirectoryName(source) }.Select(Above).FirstOrDefault(root => root is not null);

    private static string? Above(string? folder)
    {
        for (var place = folder is null ? null : new DirectoryInfo(folder); place is not null; place = place.Parent)
        {
            if (File.Exists(Path.Combine(place.FullName, "Directory.Packages.props")))
            {
                return place.FullName;
            }
        }

        return null;
    }
}
