using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary><c>quantize</c> as a user runs it.</summary>
public sealed class QuantizeTests : IDisposable
{
    private static readonly Lazy<Task<double>> s_source = new(() => PerplexityAsync(CommandLineProcess.Model)); // of the shipped model

    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-quantize-").FullName;

    private string Out => Path.Combine(_folder, "out.gguf");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Text => Path.Combine(CommandLineProcess.Root, "tests", "EndToEnd.Tests", "data", "harbour.txt");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Quantize_ToMoreBits_KeepsThePerplexityUnderASmallBudget()
    {
        double source = await s_source.Value;
        foreach ((string type, double most) in ((string, double)[])[("F16", 0.005), ("Q8_0", 0.01)])
        {
            (int code, string output, string error) = await CommandLineProcess.RunAsync(null,
                ["quantize", CommandLineProcess.Model, Out, "--type", type, "--force", "--memory-budget", "96MiB", "--json"]);
            Assert.True(code == 0, error);
            JsonElement json = JsonDocument.Parse(output).RootElement;
            Assert.Equal(new FileInfo(Out).Length, json.GetProperty("bytes").GetInt64());
            Assert.InRange(json.GetProperty("peakMemoryBytes").GetInt64(), 1, 96 << 20);
            Assert.Equal("", error);
            double written = await PerplexityAsync(Out);
            Assert.InRange(written / source, 1 - most, 1 + most);
        }
    }

    [Fact]
    public async Task Quantize_ToFewBits_GivesAModelThatAnswers()
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null,
            "quantize", CommandLineProcess.Model, Out, "--type", "q4_k_m", "--threads", "2");
        Assert.True(code == 0, error);
        Assert.Contains("Q5_0 instead of Q4_K", error, StringComparison.Ordinal);
        Assert.Contains("stays lost", error, StringComparison.Ordinal);
        Assert.Contains("bits per weight", output, StringComparison.Ordinal);
        double source = await s_source.Value, written = await PerplexityAsync(Out);
        Assert.InRange(written / source, 1, 1.05);
        (code, output, error) = await CommandLineProcess.RunAsync(null,
            "run", "What is the capital of Germany?", "--model", Out, "--temperature", "0", "--max-tokens", "16", "--json");
        Assert.True(code == 0, error);
        Assert.Contains("Berlin", JsonDocument.Parse(output).RootElement.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("qwen35moe")]
    [InlineData("deepseek3")]
    [InlineData("mixtral")]
    public async Task Quantize_ThatFusesExperts_GivesAModelOfTheSameLogits(string family)
    {
        string model = Path.Combine(CommandLineProcess.Root, "tests", "Golden.Tests", "data", family, "model.gguf");
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null,
            "quantize", model, Out, "--type", "copy", "--fuse-gate-up-exps", "--memory-budget", "96MiB", "--json");
        Assert.True(code == 0, error);
        Assert.Contains("COPY", output, StringComparison.Ordinal);
        Assert.Contains("ffn_gate_up_exps", Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Out, Token)), StringComparison.Ordinal);
        Assert.Equal(await LogitsAsync(model), await LogitsAsync(Out));
    }

    [Theory]
    [InlineData("Q9_K", "--type takes one of")]
    [InlineData("COPY", "nothing to join", "--fuse-gate-up-exps")]
    [InlineData("Q8_0", "--output-type takes one of", "--output-type", "IQ2_XS")]
    [InlineData("Q8_0", "no use for --context", "--context", "128")]
    [InlineData("Q8_0", "too small", "--memory-budget", "8MiB")]
    public async Task Quantize_OfWhatCannotBe_SaysWhyAndWritesNothing(string type, string expected, params string[] options)
    {
        (int code, _, string error) = await CommandLineProcess.RunAsync(null,
            ["quantize", CommandLineProcess.Model, Out, "--type", type, .. options]);
        Assert.NotEqual(0, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task Quantize_OverAFileThatIsThere_IsRefused()
    {
        string model = Path.Combine(_folder, "in.gguf"), link = Path.Combine(_folder, "link");
        File.Copy(Path.Combine(CommandLineProcess.Root, "tests", "Golden.Tests", "data", "llama", "model.gguf"), model);
        byte[] before = await File.ReadAllBytesAsync(model, Token);
        Directory.CreateSymbolicLink(link, _folder);
        await File.WriteAllTextAsync(Out, "mine", Token);
        foreach (string output in (string[])[model, Path.Combine(link, "in.gguf"), Path.Combine(_folder, ".", "link", "link", "in.gguf")])
        {
            (int code, _, string error) = await CommandLineProcess.RunAsync(null,
                "quantize", model, output, "--type", "Q8_0", "--force");
            Assert.Equal(2, code);
            Assert.Contains("the model itself", error, StringComparison.Ordinal);
        }

        (int refused, _, string why) = await CommandLineProcess.RunAsync(null, "quantize", model, Out, "--type", "Q8_0");
        Assert.Equal(2, refused);
        Assert.Contains("--force", why, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(Out, Token));
        Assert.Equal(before, await File.ReadAllBytesAsync(model, Token));
        Assert.False(File.Exists(Out + ".part"));
    }

    /// <summary>A second name of the model, as the output or as what the output is written as, is the model.</summary>
    [Theory]
    [InlineData("out.gguf")]
    [InlineData("out.gguf.part")]
    public async Task Quantize_OverAHardLinkOfTheModel_IsRefusedAndTheModelIsWhole(string linked)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "ln");
        string model = Path.Combine(_folder, "in.gguf");
        File.Copy(Path.Combine(CommandLineProcess.Root, "tests", "Golden.Tests", "data", "llama", "model.gguf"), model);
        byte[] before = await File.ReadAllBytesAsync(model, Token);
        using (Process link = Process.Start("ln", [model, Path.Combine(_folder, linked)]))
        {
            await link.WaitForExitAsync(Token);
        }

        Assert.True(File.Exists(Path.Combine(_folder, linked)));
        (int code, _, string error) = await CommandLineProcess.RunAsync(null, "quantize", model, Out, "--type", "Q8_0", "--force");
        Assert.Equal(2, code);
        Assert.Contains("the model itself", error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(model, Token));
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(_folder, linked), Token));
    }

    [Fact]
    public async Task Quantize_Interrupted_LeavesNothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals of POSIX");
        string[] arguments = ["quantize", CommandLineProcess.Model, Out, "--type", "Q2_K", "--threads", "1", "--memory-budget", "96MiB"];
        using Process run = CommandLineProcess.StartInterruptible(arguments);
        while (!File.Exists(Out + ".part") && !run.HasExited)
        {
            await Task.Delay(5, Token);
        }

        await PosixSignal.SendAsync(run, "INT");
        await run.WaitForExitAsync(Token);
        Assert.Equal(130, run.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    private async Task<byte[]> LogitsAsync(string model)
    {
        string file = Path.Combine(_folder, "logits.f32");
        (int code, _, string error) = await CommandLineProcess.RunAsync(null,
            "logits", "--model", model, "--ids", "1,2,3,200,17,5,301,44,9", "--out", file);
        Assert.True(code == 0, error);
        return await File.ReadAllBytesAsync(file, Token);
    }

    private static async Task<double> PerplexityAsync(string model)
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null,
            "perplexity", "--model", model, "--file", Text, "--json");
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement.GetProperty("perplexity").GetDouble();
    }
}
