using LayerStream.Formats;
using LayerStream.Formats.Writing;
using LayerStream.Host.Options;
using LayerStream.Session;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Tests.Catalogue;

/// <summary>A folder of models of all kinds that a test fills; deleted at its end.</summary>
internal sealed class ModelShelf : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("shelf-").FullName;

    public ModelCatalogue Catalogue => ModelCatalogue.Of([Folder]);

    public static ModelOptions Options => new() { ModelPath = "", BudgetBytes = 512 << 20 };

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>A file with some bytes.</summary>
    public string Write(string path, params byte[] bytes)
    {
        string full = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, bytes);
        return full;
    }

    /// <summary>A sound file of an architecture that nothing runs.</summary>
    public string WriteModel(string path, params ReadOnlySpan<(string Key, object Value)> keys)
    {
        GgufWriter writer = new();
        writer.AddKey("general.architecture", "unheard");
        foreach ((string key, object value) in keys)
        {
            writer.AddKey(key, value);
        }

        writer.AddTensor("a", TensorType.Q8_0, 32, 4);
        GgufLayout layout = writer.Finish();
        byte[] bytes = new byte[layout.FileBytes];
        layout.Head.CopyTo(bytes, 0);
        return Write(path, bytes);
    }

    /// <summary>A model that runs, by a link to the one that comes with the program.</summary>
    public string Link(string path)
    {
        string full = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.CreateSymbolicLink(full, DefaultModel.Find());
        return full;
    }

    public EntryReport Report(string name) => EntryReport.Of(Catalogue.Completed().Entries.Single(e => e.Name == name), Options);
}
