using LayerStream.Actors.Drafts;
using LayerStream.Formats;
using LayerStream.Formats.Writing;
using LayerStream.Models.Building;
using LayerStream.Planning.Drafts;
using LayerStream.Session;

namespace LayerStream.Host.Tests.Session;

/// <summary>A draft model must have the tokens of the model that it guesses for; a refusal names the first that differs.</summary>
public sealed class DraftTokenizerTests : IDisposable
{
    private const string Prefix = "tokenizer.ggml.";

    private readonly GgufMetadata _own = GgufModel.Open(ShippedModel.Path).Metadata;
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Plan_WithAnotherToken_NamesIt() =>
        Assert.Contains("token 300 is 'other', not '", Refused("tokens", Tokens(t => t[300] = "other")), StringComparison.Ordinal);

    [Fact]
    public void Plan_WithATokenOfAnotherType_NamesIt() =>
        Assert.Contains("of type Control, not Normal", Refused("token_type", Types(t => t[300] = 3)), StringComparison.Ordinal);

    [Fact]
    public void Plan_WithAnotherMerge_NamesIt() =>
        Assert.Contains("merge 7 is 'a b', not '", Refused("merges", Merges(m => m[7] = "a b")), StringComparison.Ordinal);

    [Fact]
    public void Plan_WithFewerMerges_SaysHowMany() =>
        Assert.Contains(" merges, not ", Refused("merges", Merges(_ => { })[..^1]), StringComparison.Ordinal);

    [Fact]
    public void Plan_WithMoreTokens_SaysHowMany() => Assert.Contains("it has 49153 tokens, not 49152", Refused(new()
    {
        [Prefix + "tokens"] = (string[])[.. Tokens(_ => { }), "more"],
        [Prefix + "token_type"] = (int[])[.. Types(_ => { }), 1],
    }), StringComparison.Ordinal);

    [Fact]
    public void Plan_WithAnotherPreTokenizer_NamesIt() =>
        Assert.Contains(Prefix + "pre is 'gpt-2', not ", Refused("pre", "gpt-2"), StringComparison.Ordinal);

    [Fact]
    public void Plan_WithUnusedTokensAtTheEnd_IsNotRefusedForThem()
    {
        Write(new()
        {
            [Prefix + "tokens"] = (string[])[.. Tokens(_ => { }), "[PAD0]", "[PAD1]"],
            [Prefix + "token_type"] = (int[])[.. Types(_ => { }), 5, 5],
        });
        Assert.Throws<UnsupportedModelException>(Plan); // it has no tensors
    }

    [Fact]
    public void Plan_OfAVerbThatOnlyReads_LeavesTheDraftModelAlone()
    {
        Write(new() { [Prefix + "pre"] = "gpt-2" });
        PlannedModel planned = ModelFile.Open(ShippedModel.Path).Plan(Options.WithoutDrafts(), new Progress<SessionNotice>());
        Assert.Null(planned.Draft);
        planned.Files.Dispose();
    }

    private ModelOptions Options => new()
    {
        ModelPath = ShippedModel.Path,
        BudgetBytes = 512 << 20,
        LimitsHeap = false,
        Drafts = DraftMode.Auto,
        DraftModelPath = _path,
    };

    private string Refused(string key, object value) => Refused(new() { [Prefix + key] = value });

    private string Refused(Dictionary<string, object> changed)
    {
        Write(changed);
        DraftModelException error = Assert.Throws<DraftModelException>(Plan);
        Assert.Equal(_path, error.Path);
        return error.Message;
    }

    private void Plan() => ModelFile.Open(ShippedModel.Path).Plan(Options, new Progress<SessionNotice>());

    private void Write(Dictionary<string, object> changed)
    {
        GgufWriter writer = new(32);
        foreach (string key in _own.Keys.Where(k => k != "general.alignment" && !changed.ContainsKey(k)))
        {
            writer.CopyKey(_own, key);
        }

        foreach ((string key, object value) in changed)
        {
            writer.AddKey(key, value);
        }

        File.WriteAllBytes(_path, writer.Finish().Head.ToArray());
    }

    private string[] Tokens(Action<string[]> change) => Changed([.. _own.GetStrings(Prefix + "tokens")!], change);

    private string[] Merges(Action<string[]> change) => Changed([.. _own.GetStrings(Prefix + "merges")!], change);

    private int[] Types(Action<int[]> change) => Changed([.. _own.GetIntegers(Prefix + "token_type")!.Select(t => (int)t)], change);

    private static T Changed<T>(T values, Action<T> change)
    {
        change(values);
        return values;
    }
}
