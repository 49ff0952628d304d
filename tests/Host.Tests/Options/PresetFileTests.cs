using System.CommandLine;
using LayerStream.Host.Options;
using LayerStream.Host.Tests.Catalogue;
using LayerStream.Session;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Tests.Options;

public sealed class PresetFileTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Presets_OfAFile_TakeOptionsOfTheCommandLineAndCountBeforeIt()
    {
        IReadOnlyList<ModelPreset> presets = Read("""
            {
              "writer": { "model": "smollm2", "temperature": 0.25, "context": 2048, "top_p": "0.5", "stop": ["END", "FIN"],
                          "system": "Write well." },
              "half":   { "model": "/models/x.gguf", "budget": "50%" }, // a share
              "fixed":  { "model": "y", "memoryBudget": "2GiB" },
            }
            """, "--temperature", "0.9", "--top-k", "7");
        Assert.Equal(["writer", "half", "fixed"], presets.Select(p => p.Name));
        ModelPreset writer = presets[0];
        Assert.Equal((0.25f, 0.5f, 7), (writer.Options.Sampling.Temperature, writer.Options.Sampling.TopP, writer.Options.Sampling.TopK));
        Assert.Equal((2048, "Write well."), (writer.Options.Context, writer.Options.SystemPrompt));
        Assert.Equal(["END", "FIN"], writer.Options.Stop);
        Assert.Equal(0.5, presets[1].BudgetShare);
        Assert.Null(presets[1].Options.BudgetBytes);
        Assert.Equal(2L << 30, presets[2].Options.BudgetBytes);
    }

    [Theory]
    [InlineData("[]", "one JSON object")]
    [InlineData("{", "not valid JSON")]
    [InlineData("""{"a":1}""", "must be an object")]
    [InlineData("""{"a":{}}""", "needs \"model\"")]
    [InlineData("""{"default":{"model":"x"}}""", "cannot be the name")]
    [InlineData("""{"a":{"model":"x"},"A":{"model":"y"}}""", "twice")]
    [InlineData("""{"a":{"model":"x","temprature":1}}""", "unknown key 'temprature'")]
    [InlineData("""{"a":{"model":"x","models":"/etc"}}""", "unknown key 'models'")]
    [InlineData("""{"a":{"model":"x","temperature":"hot"}}""", "temperature")]
    [InlineData("""{"a":{"model":"x","budget":"101%"}}""", "share")]
    [InlineData("""{"a":{"model":"x","budget":"0%"}}""", "share")]
    [InlineData("""{"a":{"model":"x","system":{"no":1}}}""", "must be a text")]
    public void Presets_ThatAreNotAsTheyMustBe_AreRefusedByPlace(string json, string words)
    {
        UsageException e = Assert.Throws<UsageException>(() => Read(json));
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((4 << 20) + 1, "too large")]
    [InlineData(4 << 20, "not valid JSON")] // a file of this length is read
    public void Presets_OfAFileOfManyBytes_AreReadUpToALimit(int bytes, string words)
    {
        UsageException e = Assert.Throws<UsageException>(() => Read(new string('[', bytes)));
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_OfPresetsAndFolders_GoByTheirNames()
    {
        using ModelShelf shelf = new();
        shelf.Link("SmolLM2-135M-Instruct-Q4_1.gguf");
        shelf.Link("owner/repo/Tiny-1B-Q4_0.gguf");
        ModelOptions options = ModelShelf.Options with { ModelFolders = [shelf.Folder] };
        ServableModels models = new(options, Read("""{"writer":{"model":"smollm2"},"gone":{"model":"nowhere"}}"""));
        Assert.Equal(["writer", "SmolLM2-135M-Instruct-Q4_1", "Tiny-1B-Q4_0"], models.All().Select(m => m.Id));
        foreach (string name in (string[])["smollm2", "SMOLLM2:latest", "smollm2:135m", "SmolLM2-135M-Instruct-Q4_1.gguf"])
        {
            Assert.Equal("SmolLM2-135M-Instruct-Q4_1", models.Find(name)?.Id);
        }

        Assert.Equal("Tiny-1B-Q4_0", models.Find("owner/repo:q4_0")?.Id);
        Assert.Equal("writer", models.Find("Writer")?.Id);
        Assert.Null(models.Find("gpt-4o"));
        shelf.Link("Late-2B-Q8_0.gguf");
        DateTime until = DateTime.UtcNow.AddSeconds(20);
        while (models.Find("late") is null)
        {
            Assert.True(DateTime.UtcNow < until);
        }
    }

    private IReadOnlyList<ModelPreset> Read(string json, params string[] flags)
    {
        File.WriteAllText(_file, json);
        return PresetFile.Read(_file, VerbTable.CreateRoot().Parse(["serve", .. flags]));
    }
}
