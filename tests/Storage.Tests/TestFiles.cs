namespace LayerStream.Storage.Tests;

/// <summary>Patterned content and a directory on a real disk that goes away after the test.</summary>
internal sealed class TestFiles : IDisposable
{
    internal TestFiles(string? parent = null) =>
        Root = Directory.CreateDirectory(Path.Combine(parent ?? Path.GetTempPath(),
            "layerstream-" + Guid.NewGuid().ToString("n"))).FullName;

    internal string Root { get; }

    internal static byte[] Pattern(int length, int seed = 7)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal string Write(string name, byte[] content)
    {
        string path = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    internal string Write(string name, string content) => Write(name, System.Text.Encoding.UTF8.GetBytes(content));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
