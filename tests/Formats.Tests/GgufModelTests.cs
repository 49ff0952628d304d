using Xunit;

namespace LayerStream.Formats.Tests;

public sealed class GgufModelTests
{
    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    public void Open_WellFormedFile_ListsTensorsWithAbsoluteExtents(uint version)
    {
        var bytes = new GgufBuilder { Version = version, Alignment = 64 }
            .Key("general.architecture", "llama")
            .Key("general.alignment", 64u)
            .Tensor("a", [32, 3], (int)TensorType.Q4_0)
            .Tensor("b", [5])
            .Tensor("c", [32, 2, 4], (int)TensorType.MXFP4)
            .Build();
        var model = TemporaryFolder.Opens(bytes);

        Assert.Equal((int)version, model.Version);
        Assert.Equal("llama", model.Architecture);
        Assert.Equal("m.gguf", Path.GetFileName(Assert.Single(model.Files)));
        Assert.Equal(["a", "b", "c"], model.Tensors.Select(t => t.Name));
        var a = model.Find("a")!;
        Assert.Equal((TensorType.Q4_0, 32, 3, 18, 96), (a.Type, a.Columns, a.Rows, a.RowBytes, a.Elements));
        Assert.Equal(0, a.Extent.Offset % 64);
        Assert.Equal(54, a.Extent.Length);
        Assert.Equal(new Extent(0, a.Extent.Offset + 64, 20), model.Find("b")!.Extent);
        Assert.Equal(8 * 17, model.Find("c")!.Extent.Length);
        Assert.Equal(bytes.Length, a.Extent.Offset + 64 + 64 + 192);
        Assert.Null(model.Find("d"));
        Assert.Equal(0, model.WithoutMetadata().Metadata.Count);
        Assert.Same(a, model.WithoutMetadata().Find("a"));
    }

    [Fact]
    public void Open_NoTensors_IsAVocabularyFile()
    {
        var model = TemporaryFolder.Opens(new GgufBuilder().Key("tokenizer.ggml.tokens", new[] { "a", "b" }).Build());
        Assert.Empty(model.Tensors);
        Assert.Null(model.Architecture);
    }

    [Fact]
    public void Open_LastPaddingMissing_IsAccepted()
    {
        byte[] bytes = new GgufBuilder().Tensor("a", [1]).Build();
        Assert.Single(TemporaryFolder.Opens(bytes[..^28]).Tensors);
        Assert.Contains("truncated", TemporaryFolder.Rejects(bytes[..^29]).Message);
    }

    [Fact]
    public void Open_GapsAndAnyOrder_AreAccepted()
    {
        var model = TemporaryFolder.Opens([.. new GgufBuilder().Tensor("a", [8], offset: 128).Tensor("b", [8], offset: 0)
            .Tensor("c", [8, 2], offset: 160).Tensor("d", [1], offset: 64).Build(), .. new byte[64]]);
        Assert.Equal(4, model.Tensors.Count);
    }

    [Fact]
    public void Open_NoDimensions_IsOneElement()
    {
        var tensor = Assert.Single(TemporaryFolder.Opens(new GgufBuilder().Tensor("a", []).Build()).Tensors);
        Assert.Equal((1, 1, 4), (tensor.Columns, tensor.Rows, tensor.Extent.Length));
    }

    [Fact]
    public void Open_MissingFolderOrEmptyFile_NamesTheFile()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no such file", folder.RejectsFile(Path.Combine(folder.FullPath, "none.gguf")).Message);
        Assert.Contains("folder", folder.RejectsFile(folder.FullPath).Message);
        Assert.Contains("empty", folder.RejectsFile(folder.Write("e.gguf", [])).Message);
        Assert.Throws<ModelFormatException>(() => GgufModel.Open(""));
        Assert.Throws<ModelFormatException>(() => GgufModel.Open("a\0b"));
        Assert.Throws<ModelFormatException>(() => GgufModel.Open(Path.Combine(folder.FullPath, "e.gguf", "below.gguf")));
    }

    [Fact]
    public void Open_PipeOrDevice_IsRefusedWithoutBlocking()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix only");
        using var folder = new TemporaryFolder();
        string pipe = Path.Combine(folder.FullPath, "pipe");
        using (var process = System.Diagnostics.Process.Start("mkfifo", [pipe]))
        {
            process.WaitForExit();
        }

        Assert.Contains("regular", folder.RejectsFile(pipe).Message);
        Assert.Throws<ModelFormatException>(() => GgufModel.Open("/dev/zero"));
        string link = Path.Combine(folder.FullPath, "link.gguf");
        File.CreateSymbolicLink(link, folder.Write("blob", new GgufBuilder().Tensor("a", [4]).Build()));
        Assert.Equal(link, GgufModel.Open(link).Files[0]);
        File.Delete(Path.Combine(folder.FullPath, "blob"));
        Assert.Throws<ModelFormatException>(() => GgufModel.Open(link));
    }

    [Fact]
    public void Open_Afterwards_HoldsNoFile()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("m.gguf", new GgufBuilder().Tensor("a", [4]).Build());
        GgufModel.Open(path);
        using var exclusive = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }
}
