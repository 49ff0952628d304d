using System.Globalization;

namespace LayerStream.EndToEnd.Tests;

/// <summary>A file of a published shape, cut to a few layers; deleted at the end.</summary>
internal sealed class SyntheticFile : IDisposable
{
    internal string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.gguf");

    internal static async Task<SyntheticFile> CreateAsync(string shape, int layers)
    {
        SyntheticFile model = new();
        (int code, _, string error) = await CommandLineProcess.RunAsync(
            null, "synth", shape, "--layers", layers.ToString(CultureInfo.InvariantCulture), "--out", model.Path, "--vocab",
                CommandLineProcess.Model, "--quiet");
        Assert.True(code == 0, error);
        return model;
    }

    public void Dispose() => File.Delete(Path);
}
