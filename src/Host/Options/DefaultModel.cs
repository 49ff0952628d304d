using LayerStream.Session;

namespace LayerStream.Host.Options;

/// <summary>The model that comes with the program.</summary>
public static class DefaultModel
{
    /// <summary>Its place below the directory of the program or one of that directory's parents.</summary>
    public const string RelativePath = "models/SmolLM2-135M-Instruct-Q4_1.gguf";

    /// <summary>Full path, searched upwards from the executable and then from the current directory.</summary>
    /// <exception cref="UsageException">It is nowhere.</exception>
    public static string Find()
    {
        foreach (string start in (string[])[AppContext.BaseDirectory, Environment.CurrentDirectory])
        {
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
            {
                string path = Path.Combine(folder.FullName, RelativePath);
                if (File.Exists(path))
                {
                    return path;
                }
            }
        }

        throw new UsageException($"No model: name one with --model FILE ({RelativePath} was not found near the program).");
    }
}
