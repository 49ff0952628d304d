using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>A file of fewer bits, made by the program itself, drafts for the shipped one.</summary>
public sealed class DraftModelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-drafts-").FullName;

    private string Draft => Path.Combine(_folder, "draft.gguf");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Q4_K_M", "0")]
    [InlineData("Q2_K", "0.8")]
    public async Task Answer_WithADraftFileOfFewerBits_IsTheSameInFewerPasses(string type, string temperature)
    {
        (int code, _, string error) = await CommandLineProcess.RunAsync(null, "quantize", CommandLineProcess.Model, Draft, "--type", type);
        Assert.True(code == 0, error);
        JsonElement plain = await RunAsync(temperature),
            drafted = await RunAsync(temperature, "--draft", "model", "--draft-model", Draft),
            gated = await RunAsync(temperature, "--draft-model", Draft);
        Assert.Equal(plain.GetProperty("ids").GetRawText(), drafted.GetProperty("ids").GetRawText());
        Assert.Equal(plain.GetProperty("ids").GetRawText(), gated.GetProperty("ids").GetRawText());
        JsonElement sweep = drafted.GetProperty("sweep"), model = sweep.GetProperty("drafts").GetProperty("model");
        int accepted = model.GetProperty("accepted").GetInt32();
        Assert.InRange(accepted, 4, model.GetProperty("drafted").GetInt32());
        Assert.Equal(plain.GetProperty("sweep").GetProperty("passes").GetInt32() - accepted, sweep.GetProperty("passes").GetInt32());
    }

    [Fact]
    public async Task DraftModel_WithAnotherTokenizer_IsRefusedByItsFirstDifference()
    {
        string other = Path.Combine(CommandLineProcess.Root, "tests", "Golden.Tests", "data", "llama", "model.gguf");
        (int code, _, string error) = await CommandLineProcess.RunAsync(null,
            "run", "Hello", "--draft-model", other, "--max-tokens", "4", "--quiet");
        Assert.Equal(1, code);
        Assert.Contains("cannot draft for this model: its tokenizer is another one: ", error, StringComparison.Ordinal);
        (code, _, error) = await CommandLineProcess.RunAsync(null, "run", "Hello", "--draft", "model");
        Assert.Equal(2, code);
        Assert.Contains("--draft-model FILE", error, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> RunAsync(string temperature, params string[] more)
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null,
            ["run", "List the days of the week, then count from one to twenty.", "--json", "--memory-budget", "384MiB", "--context", "256",
                "--temperature", temperature, "--seed", "7", "--max-tokens", "60", "--ignore-eos", .. more]);
        Assert.True(code == 0, error);
        using JsonDocument run = JsonDocument.Parse(output);
        return run.RootElement.Clone();
    }
}
