using Xunit;

namespace LayerStream.Formats.Tests;

/// <summary>Files written by other programs, where the golden data is at hand.</summary>
public sealed class GoldenFileTests
{
    private static string? Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
            {
                string golden = Path.Combine(folder.FullName, "..", "shared", "golden");
                return Directory.Exists(golden) ? golden : null;
            }
        }

        return Environment.GetEnvironmentVariable("LAYERSTREAM_GOLDEN");
    }

    [Theory]
    [InlineData("arch")]
    [InlineData("extra")]
    [InlineData("quant-models")]
    [InlineData("vocab")]
    public void Open_GoldenFiles_DescribesThem(string folder)
    {
        string? root = Root();
        Assert.SkipWhen(root is null, "no golden data here");
        string[] paths = Directory.GetFiles(Path.Combine(root!, folder), "*.gguf", SearchOption.AllDirectories);
        Assert.NotEmpty(paths);
        foreach (string path in paths)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var model = GgufModel.Open(path);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (2 * new FileInfo(path).Length) + (1 << 20));
            Assert.NotNull(model.Architecture);
            long last = model.Tensors.Select(t => t.Extent.Offset + t.Extent.Length).DefaultIfEmpty().Max();
            Assert.InRange(last, folder == "vocab" ? 0 : new FileInfo(path).Length - 31, new FileInfo(path).Length);
            Assert.Equal(folder == "vocab", model.Tensors.Count == 0);
            Assert.NotEmpty(folder == "vocab" ? model.Metadata.GetStrings("tokenizer.ggml.tokens")! : ["-"]);
        }
    }
}
