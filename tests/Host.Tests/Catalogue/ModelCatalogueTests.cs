using System.Text.Json;
using LayerStream.Host.Options;
using LayerStream.Host.Verbs.Catalogue;
using LayerStream.Planning.Drafts;
using LayerStream.Session;
using LayerStream.Session.Catalogue;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Tests.Catalogue;

public sealed class ModelCatalogueTests : IDisposable
{
    private readonly ModelShelf _shelf = new();

    public void Dispose() => _shelf.Dispose();

    [Fact]
    public void Catalogue_OfGoodBadShardedAndForeignFiles_ListsEachWithItsReason()
    {
        _shelf.Link("HuggingFaceTB/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct-Q4_1.gguf");
        _shelf.Write("noise-1B-Q8_0.gguf", 1, 2, 3, 4, 5, 6, 7, 8, 9);
        _shelf.Write("cut-1B-Q8_0.gguf", File.ReadAllBytes(DefaultModel.Find())[..100_000]);
        _shelf.Write("lost-7B-Q8_0-00002-of-00003.gguf", 1);
        _shelf.Write("empty-2B-F16.gguf");
        _shelf.Write("weights.safetensors", 1);
        _shelf.Write("half-3B-Q8_0.gguf.part", 1);
        _shelf.Write("README.md", 1);
        _shelf.WriteModel("strange-5B-Q8_0.gguf");
        Dictionary<string, EntryReport> reports = _shelf.Catalogue.Entries.ToDictionary(e => e.Name,
            e => EntryReport.Of(e, ModelShelf.Options));
        Assert.Equal(8, reports.Count);
        EntryReport good = reports["smollm2:135m-instruct-q4_1"];
        Assert.Null(good.Problem);
        Assert.Equal(("llama", "Q4_1", 8192), (good.Facts!.Architecture, good.Facts.Type, good.Facts.Context));
        Assert.InRange(good.Facts.Parameters, 130_000_000, 170_000_000);
        Assert.True(good.Outlook!.Fits);
        Assert.InRange(good.Outlook.SmallestBudgetBytes, 1 << 20, ModelShelf.Options.BudgetBytes!.Value);
        Assert.Contains("unheard", reports["strange:5b-q8_0"].Problem, StringComparison.Ordinal);
        Assert.Contains("1 of its 3 files", reports["lost-7B-Q8_0"].Problem, StringComparison.Ordinal);
        Assert.Contains("safetensors", reports["weights.safetensors"].Problem, StringComparison.Ordinal);
        Assert.Contains("not ended", reports["half-3B-Q8_0"].Problem, StringComparison.Ordinal);
        Assert.All(["noise:1b-q8_0", "cut:1b-q8_0", "empty:2b-f16"], name => Assert.NotEmpty(reports[name].Problem!));
        string text = EntryText.List([.. reports.Values]);
        Assert.All(reports.Values, r => Assert.Contains(r.Problem ?? r.Entry.Name, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Outlook_WithADraftModel_CountsIt()
    {
        string path = _shelf.Link("SmolLM2-135M-Instruct-Q4_1.gguf");
        CatalogueEntry entry = Assert.Single(_shelf.Catalogue.Entries);
        EntryOutlook alone = EntryReport.Of(entry, ModelShelf.Options).Outlook!;
        EntryOutlook with = EntryReport.Of(entry, ModelShelf.Options with { Drafts = DraftMode.Model, DraftModelPath = path }).Outlook!,
            leftOut = EntryReport.Of(entry, ModelShelf.Options with
            {
                Drafts = DraftMode.Auto,
                DraftModelPath = path,
                BudgetBytes = alone.SmallestBudgetBytes,
            }).Outlook!,
            off = EntryReport.Of(entry, ModelShelf.Options with { Drafts = DraftMode.Off, DraftModelPath = path }).Outlook!;
        Assert.Equal(alone.SmallestBudgetBytes, off.SmallestBudgetBytes);
        Assert.True(leftOut.Fits);
        Assert.InRange(with.SmallestBudgetBytes - alone.SmallestBudgetBytes, new FileInfo(DefaultModel.Find()).Length / 2, 400 << 20);
        EntryReport foreign = EntryReport.Of(entry, ModelShelf.Options with
        {
            Drafts = DraftMode.Auto,
            DraftModelPath = _shelf.WriteModel("foreign.gguf"),
        });
        Assert.Contains("foreign.gguf cannot draft for this model", foreign.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Catalogue_OfShards_HasOneModelOfAllBytes()
    {
        _shelf.Write("big-70B-Q4_K_M-00002-of-00002.gguf", new byte[30]);
        _shelf.Write("big-70B-Q4_K_M-00001-of-00002.gguf", new byte[20]);
        CatalogueEntry entry = Assert.Single(_shelf.Catalogue.Entries);
        Assert.Equal(("big:70b-q4_k_m", 50), (entry.Name, entry.Bytes));
        Assert.Equal(2, entry.Files.Count);
        Assert.EndsWith("00001-of-00002.gguf", entry.Path, StringComparison.Ordinal);
    }

    [Fact]
    public void Catalogue_SameNameTwice_LeavesItToNeither()
    {
        _shelf.Write("a/x-1B-Q4_0.gguf", 1);
        _shelf.Write("b/x-1B-Q4_0.gguf", 1);
        Assert.Equal(["a/x-1B-Q4_0", "b/x-1B-Q4_0"], _shelf.Catalogue.Entries.Select(e => e.Name));
    }

    [Fact]
    public void Catalogue_FileNameThatSaysTooLittle_IsNamedByItsContents()
    {
        _shelf.WriteModel("model.gguf", ("general.basename", "Falcon"), ("general.size_label", "180B"), ("general.file_type", 15u));
        Assert.Equal("falcon:180b-q4_k_m", Assert.Single(_shelf.Catalogue.Completed().Entries).Name);
        Assert.Equal(Path.Combine(_shelf.Folder, "model.gguf"), ModelChoice.Path("falcon:180b", [_shelf.Folder]));
    }

    [Fact]
    public void Catalogue_LinkThatLeadsBack_Ends()
    {
        _shelf.Write("a/x-1B-Q4_0.gguf", 1);
        Directory.CreateSymbolicLink(Path.Combine(_shelf.Folder, "a", "again"), _shelf.Folder);
        File.CreateSymbolicLink(Path.Combine(_shelf.Folder, "gone-1B-Q4_0.gguf"), Path.Combine(_shelf.Folder, "nowhere"));
        Assert.Equal(2, _shelf.Catalogue.Entries.Count);
        Assert.Contains("nowhere", _shelf.Catalogue.Entries.Single(e => e.Problem is not null).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smollm2")]
    [InlineData("SmolLM2:latest")]
    [InlineData("smollm2:135m")]
    [InlineData("SMOLLM2:135M-INSTRUCT-Q4_1")]
    [InlineData("smollm2:q4_1")]
    [InlineData("SmolLM2-135M-Instruct")]
    [InlineData("SmolLM2-135M-Instruct-Q4_1.gguf")]
    [InlineData("hf.co/HuggingFaceTB/SmolLM2-135M-Instruct-GGUF")]
    [InlineData("HuggingFaceTB/SmolLM2-135M-Instruct-GGUF:Q4_1")]
    [InlineData("somebody/SmolLM2-135M-Instruct")]
    public void Name_AsPeopleTypeIt_FindsTheModel(string typed)
    {
        string path = _shelf.Write("HuggingFaceTB/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct-Q4_1.gguf", 1);
        _shelf.Write("Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf", 1);
        Assert.Equal(path, ModelChoice.Path(typed, [_shelf.Folder]));
    }

    [Fact]
    public void Name_OfSeveral_AsksWhich()
    {
        _shelf.Write("q/Qwen3-8B-Q4_K_M.gguf", 1);
        _shelf.Write("q/Qwen3-8B-Q8_0.gguf", 1);
        UsageException error = Assert.Throws<UsageException>(() => ModelChoice.Path("qwen3", [_shelf.Folder]));
        Assert.Contains("qwen3:8b-q4_k_m", error.Message, StringComparison.Ordinal);
        Assert.Contains("qwen3:8b-q8_0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Name_ThatNothingHas_NamesTheNearOnes()
    {
        _shelf.Write("Qwen3-8B-Q4_K_M.gguf", 1);
        Assert.Contains("qwen3:8b-q4_k_m", Assert.Throws<UsageException>(() => ModelChoice.Path("qwem3", [_shelf.Folder])).Message,
            StringComparison.Ordinal);
        Assert.Contains("pull", Assert.Throws<UsageException>(() => ModelChoice.Path("entirely-else", [_shelf.Folder])).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("./m.gguf")]
    [InlineData("../nothing")]
    [InlineData("nothing.gguf")]
    public void Path_ThatIsNotThere_StaysAPath(string path) => Assert.Equal(path, ModelChoice.Path(path, [_shelf.Folder]));

    [Fact]
    public void Json_OfAModel_SaysWhatTheListSays()
    {
        _shelf.Link("SmolLM2-135M-Instruct-Q4_1.gguf");
        using MemoryStream bytes = new();
        JsonOut.Write(bytes, ModelReport.Of(_shelf.Report("smollm2:135m-instruct-q4_1")), ReportJson.Default.ModelReport);
        using JsonDocument read = JsonDocument.Parse(bytes.ToArray());
        Assert.True(read.RootElement.GetProperty("supported").GetBoolean());
        Assert.True(read.RootElement.GetProperty("plan").GetProperty("fits").GetBoolean());
        Assert.Equal("Q4_1", read.RootElement.GetProperty("type").GetString());
    }
}
