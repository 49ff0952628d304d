using LayerStream.Host.Verbs;

namespace LayerStream.Host.Tests.Catalogue;

[Collection(CapturedError.Collection)]
public sealed class CatalogueVerbTests : IDisposable
{
    private readonly ModelShelf _shelf = new();

    public void Dispose() => _shelf.Dispose();

    [Fact]
    public async Task Rm_WholeName_DeletesAllFilesOfTheModelAndNoOther()
    {
        string first = _shelf.Write("o/r/big-70B-Q8_0-00001-of-00002.gguf", 1),
            second = _shelf.Write("o/r/big-70B-Q8_0-00002-of-00002.gguf", 1),
            sums = _shelf.Write("o/r/big-70B-Q8_0-00001-of-00002.gguf.layerstream-sums.json", 1), other = _shelf.Write("x-1B-Q8_0.gguf", 1);
        (int code, string error) = await CapturedError.RunAsync("rm", "BIG:70b-q8_0", "--yes", "--models", _shelf.Folder);
        Assert.Equal((Failures.Success, true), (code, error.Contains("deleted", StringComparison.Ordinal)));
        Assert.All([first, second, sums], file => Assert.False(File.Exists(file)));
        Assert.False(Directory.Exists(Path.Combine(_shelf.Folder, "o")));
        Assert.True(File.Exists(other));
    }

    [Fact]
    public async Task Rm_ShortNameWithoutAsking_IsRefused()
    {
        string file = _shelf.Write("x-1B-Q8_0.gguf", 1);
        (int code, string error) = await CapturedError.RunAsync("rm", "x", "--yes", "--models", _shelf.Folder);
        Assert.Equal(Failures.Usage, code);
        Assert.Contains("x:1b-q8_0", error, StringComparison.Ordinal);
        Assert.True(File.Exists(file));
    }

    [Fact]
    public async Task Rm_Link_LeavesWhatItLeadsTo()
    {
        string target = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.gguf"), link = Path.Combine(_shelf.Folder, "x-1B-Q8_0.gguf");
        File.WriteAllText(target, "GGUF");
        File.CreateSymbolicLink(link, target);
        (int code, _) = await CapturedError.RunAsync("rm", "x:1b-q8_0", "--yes", "--models", _shelf.Folder);
        Assert.Equal((Failures.Success, true, null), (code, File.Exists(target), new FileInfo(link).LinkTarget));
        File.Delete(target);
    }

    [Fact]
    public async Task Run_NameThatNoModelHas_NamesNearOnes()
    {
        _shelf.Write("Qwen3-8B-Q4_K_M.gguf", 1);
        (int code, string error) = await CapturedError.RunAsync("run", "a", "--model", "qwen4", "--models", _shelf.Folder);
        Assert.Equal(Failures.Usage, code);
        Assert.Contains("qwen3:8b-q4_k_m", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_NameOfTheCatalogue_OpensItsFile()
    {
        string path = _shelf.Write("Qwen3-8B-Q4_K_M.gguf", 1, 2, 3, 4);
        (int code, string error) = await CapturedError.RunAsync("plan", "--model", "qwen3", "--models", _shelf.Folder);
        Assert.Equal(Failures.Failed, code);
        Assert.Contains(path, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ls_FolderThatIsNotThere_IsRefused()
    {
        (int code, string error) = await CapturedError.RunAsync("ls", "--models", Path.Combine(_shelf.Folder, "none"));
        Assert.Equal((Failures.Usage, true), (code, error.Contains("none", StringComparison.Ordinal)));
    }
}
