using Xunit;

namespace LayerStream.Formats.Tests;

public sealed class SplitFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Name(int number, int count = 3) => $"m-{number:D5}-of-{count:D5}.gguf";

    private static GgufBuilder Shard(int number, int count = 3, int total = 3)
    {
        var builder = new GgufBuilder();
        if (number == 0)
        {
            builder.Key("general.architecture", "llama");
        }

        return builder.Key("split.no", (ushort)number).Key("split.count", (ushort)count).Key("split.tensors.count", total);
    }

    private string Write(int number, GgufBuilder shard, int count = 3) => _folder.Write(Name(number + 1, count), shard.Build());

    /// <summary>Three good files; shard 0 without tensors, shard 1 with its own alignment.</summary>
    private string WriteSet()
    {
        Write(1, new GgufBuilder { Alignment = 128 }.Key("general.alignment", 128u).Key("split.no", (ushort)1).Key("split.count", (ushort)3)
            .Key("split.tensors.count", 3)
            .Tensor("b", [8]).Tensor("c", [8, 2]));
        Write(2, Shard(2).Tensor("d", [32], (int)TensorType.Q8_0));
        return Write(0, Shard(0));
    }

    [Fact]
    public void Open_ThreeFiles_JoinsThem()
    {
        var model = GgufModel.Open(WriteSet());
        Assert.Equal([Name(1), Name(2), Name(3)], model.Files.Select(Path.GetFileName));
        Assert.Equal("llama", model.Architecture);
        Assert.Equal(["b", "c", "d"], model.Tensors.Select(t => t.Name));
        Assert.Equal([1, 1, 2], model.Tensors.Select(t => t.Extent.File));
        Assert.Equal(0, model.Find("b")!.Extent.Offset % 128);
        Assert.Equal(model.Find("b")!.Extent.Offset + 128, model.Find("c")!.Extent.Offset);
        Assert.Equal(34, model.Find("d")!.Extent.Length);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Open_LaterFile_ReadsTheWholeSet(int number)
    {
        WriteSet();
        var model = GgufModel.Open(Path.Combine(_folder.FullPath, Name(number)));
        Assert.Equal("llama", model.Architecture);
        Assert.Equal(3, model.Tensors.Count);
        Assert.Equal(Name(1), Path.GetFileName(model.Files[0]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Open_MissingFile_NamesIt(int number)
    {
        WriteSet();
        File.Delete(Path.Combine(_folder.FullPath, Name(number)));
        var error = _folder.RejectsFile(Path.Combine(_folder.FullPath, Name(number == 1 ? 2 : 1)));
        Assert.Equal(Name(number), Path.GetFileName(error.File));
        Assert.Contains("all 3 files", error.Message);
    }

    [Fact]
    public void Open_LaterFileWithNumberOnly_IsAccepted()
    {
        string first = WriteSet();
        Write(2, new GgufBuilder().Key("split.no", (ushort)2).Tensor("d", [8]));
        Assert.Equal(3, GgufModel.Open(first).Tensors.Count);
    }

    [Fact]
    public void Open_CountOne_IsASingleFile()
    {
        string path = _folder.Write("any.gguf", Shard(0, count: 1).Tensor("a", [4]).Build());
        Assert.Single(GgufModel.Open(path).Tensors);
    }

    private void Rejects(int number, GgufBuilder shard, string message)
    {
        string first = WriteSet();
        Write(number, shard);
        Assert.Contains(message, _folder.RejectsFile(first).Message);
    }

    [Fact]
    public void Open_WrongNumber_IsRejected() => Rejects(1, Shard(2).Tensor("b", [8]).Tensor("c", [8]), "By its name this is file 2");

    [Fact]
    public void Open_FilesSwapped_NamesTheFileAndBothNumbers()
    {
        string first = WriteSet(), second = Path.Combine(_folder.FullPath, Name(2)), third = Path.Combine(_folder.FullPath, Name(3)),
            aside = Path.Combine(_folder.FullPath, "aside");
        File.Move(second, aside);
        File.Move(third, second);
        File.Move(aside, third);
        var error = _folder.RejectsFile(first);
        Assert.Equal(second, error.File);
        Assert.Contains("file 2 of 3, by its contents file 3", error.Message);
        Assert.Contains("original names", error.Message);
    }

    [Fact]
    public void Open_FileDuplicated_NamesTheCopyAndTheNumberThatIsMissing()
    {
        string first = WriteSet();
        File.Copy(Path.Combine(_folder.FullPath, Name(2)), Path.Combine(_folder.FullPath, Name(3)), overwrite: true);
        var error = _folder.RejectsFile(first);
        Assert.Equal(Name(3), Path.GetFileName(error.File));
        Assert.Contains("download file 3 again", error.Message);
    }

    [Fact]
    public void Open_FileOfAnotherModel_NamesItAndTheFileItContradicts()
    {
        string first = WriteSet();
        Write(2, Shard(2).Tensor("c", [8]));
        var error = _folder.RejectsFile(first);
        Assert.Equal(Name(3), Path.GetFileName(error.File));
        Assert.Contains("file 2 of the set", error.Message);
        Assert.Contains("whole set", error.Message);
    }

    [Fact]
    public void Open_NumberMissing_IsRejected() => Rejects(2, new GgufBuilder().Tensor("d", [8]), "split.no");

    [Fact]
    public void Open_NumberMissingInFirst_IsRejected() => Rejects(0, new GgufBuilder().Key("split.count", (ushort)3), "split.no");

    [Fact]
    public void Open_TotalMissingInFirst_IsRejected() =>
        Rejects(0, new GgufBuilder().Key("split.no", (ushort)0).Key("split.count", (ushort)3), "split.tensors.count");

    [Fact]
    public void Open_TotalNegative_IsRejected() => Rejects(0, Shard(0, total: -1), "split.tensors.count");

    [Fact]
    public void Open_CountDisagrees_IsRejected() => Rejects(2, Shard(2, count: 4).Tensor("d", [8]), "split.count");

    [Fact]
    public void Open_TotalDisagrees_IsRejected() => Rejects(2, Shard(2, total: 4).Tensor("d", [8]), "split.tensors.count");

    [Fact]
    public void Open_TooFewTensors_IsRejected() => Rejects(2, Shard(2), "only 2");

    [Fact]
    public void Open_TooManyTensors_IsRejected() => Rejects(2, Shard(2).Tensor("d", [8]).Tensor("e", [8]), "hold more");

    [Fact]
    public void Open_TensorInTwoFiles_IsRejected() => Rejects(2, Shard(2).Tensor("b", [8]), "'b' occurs twice");

    [Fact]
    public void Open_NameCountDisagrees_IsRejected()
        => Assert.Contains("original names", _folder.RejectsFile(_folder.Write(Name(1, 4), Shard(0).Build())).Message);

    [Fact]
    public void Open_NameNumberDisagrees_IsRejected()
        => Assert.Contains("original names", _folder.RejectsFile(_folder.Write(Name(2), Shard(0).Build())).Message);

    [Theory]
    [InlineData("model.gguf")]
    [InlineData("m-0001-of-0003.gguf")]
    [InlineData("-00001-of-00003.ggu")]
    [InlineData("m-00001_of_00003.gguf")]
    [InlineData("m-+0001-of-00003.gguf")]
    public void Open_Renamed_SaysTheExpectedName(string name)
        => Assert.Contains("-00001-of-00003.gguf", _folder.RejectsFile(_folder.Write(name, Shard(0).Build())).Message);

    [Fact]
    public void Open_RedirectedToASingleFile_IsRejected()
    {
        WriteSet();
        Write(0, new GgufBuilder().Key("split.no", (ushort)0));
        Assert.Contains("split.count", _folder.RejectsFile(Path.Combine(_folder.FullPath, Name(2))).Message);
    }
}
