using Xunit;

namespace LayerStream.Formats.Tests;

/// <summary>A folder that a test fills with model files; deleted at its end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string FullPath { get; } = Directory.CreateTempSubdirectory("formats-").FullName;

    public static ModelFormatException Rejects(byte[] file)
    {
        using var folder = new TemporaryFolder();
        return folder.RejectsFile(folder.Write("m.gguf", file));
    }

    public static GgufModel Opens(byte[] file)
    {
        using var folder = new TemporaryFolder();
        return GgufModel.Open(folder.Write("m.gguf", file));
    }

    public string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(FullPath, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public ModelFormatException RejectsFile(string path)
    {
        var error = Assert.Throws<ModelFormatException>(() => GgufModel.Open(path));
        Assert.StartsWith(FullPath, error.File);
        Assert.Contains(error.File, error.Message);
        Assert.InRange(error.Offset, 0, File.Exists(error.File) ? new FileInfo(error.File).Length : 0);
        return error;
    }

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
