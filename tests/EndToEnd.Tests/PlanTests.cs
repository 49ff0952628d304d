using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary><c>plan</c> and <c>inspect</c>, for people and for machines.</summary>
public sealed class PlanTests
{
    [Fact]
    public async Task Plan_OfAModelThatStreams_SaysFirstWhatToDo()
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, "plan", "--model", CommandLineProcess.Model,
            "--memory-budget", "170MiB", "--context", "256");
        Assert.True(code == 0, error);
        string[] lines = output.Split('\n');
        Assert.EndsWith(".", lines[0], StringComparison.Ordinal);
        Assert.Contains("tokens/s", lines[0], StringComparison.Ordinal);
        foreach (string name in new[] { "speed ", "limited by ", "stays ", "streams ", "start ", "disk ", "compute ", "with ", "least ",
            "memory budget ", "sum " })
        {
            Assert.Contains(lines, l => l.StartsWith(name, StringComparison.Ordinal));
        }

        Assert.DoesNotContain('{', output);
    }

    [Fact]
    public async Task Plan_InJson_AddsUp()
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, "plan", "--model", CommandLineProcess.Model,
            "--memory-budget", "170MiB", "--context", "256", "--json");
        Assert.True(code == 0, error);
        using JsonDocument json = JsonDocument.Parse(output);
        JsonElement plan = json.RootElement;
        double seconds = 1 / plan.GetProperty("predictedTokensPerSecond").GetDouble();
        Assert.Equal(seconds, plan.GetProperty("predictedComputeSeconds").GetDouble()
            + plan.GetProperty("predictedWaitSeconds").GetDouble(), 9);
        Assert.True(seconds >= 0.999 * plan.GetProperty("predictedReadSeconds").GetDouble());
        Assert.InRange(plan.GetProperty("accounts").EnumerateObject().Sum(a => a.Value.GetInt64()), 1, 170L << 20);
        Assert.True(plan.GetProperty("kernelBytesPerSecond").GetDouble() > 0 && plan.GetProperty("deviceBytesPerSecond").GetDouble() > 0);
        (code, _, error) = await CommandLineProcess.RunAsync(null, "plan", "--model", CommandLineProcess.Model, "--routes", "none.csv.gz");
        Assert.Equal(2, code);
        Assert.Contains("--routes needs a model with experts", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_History_HoldsThePredictionOfARunBesideWhatCame()
    {
        string profile = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.json");
        string[] given = ["--model", CommandLineProcess.Model, "--memory-budget", "170MiB", "--context", "256", "--profile", profile];
        try
        {
            (int code, string output, string error) = await CommandLineProcess.RunAsync(null, ["plan", .. given, "--curve"]);
            Assert.True(code == 0, error);
            Assert.Contains("this budget", output, StringComparison.Ordinal);
            Assert.Contains("knee: more buys little", output, StringComparison.Ordinal);
            (code, _, error) = await CommandLineProcess.RunAsync(null, ["run", "--ids", "1,2,3", "--max-tokens", "12", "--ignore-eos",
                .. given]);
            Assert.True(code == 0, error);
            (code, output, error) = await CommandLineProcess.RunAsync(null, ["plan", "--history", "--json", .. given]);
            Assert.True(code == 0, error);
            using JsonDocument json = JsonDocument.Parse(output);
            JsonElement score = Assert.Single(json.RootElement.GetProperty("history").EnumerateArray());
            Assert.Equal((170L << 20, 12), (score.GetProperty("budgetBytes").GetInt64(), score.GetProperty("tokens").GetInt32()));
            Assert.True(score.GetProperty("predictedTokensPerSecond").GetDouble() > 0);
            Assert.True(score.GetProperty("measuredTokensPerSecond").GetDouble() > 0);
        }
        finally
        {
            File.Delete(profile);
        }
    }

    [Fact]
    public async Task Plan_FromTheRoutesOfARun_SaysSo()
    {
        string model = Path.Combine(CommandLineProcess.Root, "..", "shared", "golden", "arch", "qwen3moe", "model.gguf");
        Assert.SkipUnless(File.Exists(model), "the golden data is not beside the project");
        string routes = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.route.csv.gz");
        try
        {
            (int code, string output, string error) = await CommandLineProcess.RunAsync(
                null, "run", "--model", model, "--ids", "1,2,3,4", "--max-tokens", "9", "--ignore-eos", "--json", "--routes", routes);
            Assert.True(code == 0, error);
            (code, output, error) = await CommandLineProcess.RunAsync(null, "plan", "--model", model, "--json", "--routes", routes);
            Assert.True(code == 0, error);
            using JsonDocument plan = JsonDocument.Parse(output);
            JsonElement experts = plan.RootElement.GetProperty("experts");
            Assert.Equal("recorded", experts.GetProperty("routing").GetString());
            (code, _, error) = await CommandLineProcess.RunAsync(null, "plan", "--model", model, "--json", "--routes",
                CommandLineProcess.Model);
            Assert.True(code is 1 or 2, error);
        }
        finally
        {
            File.Delete(routes);
        }
    }

    /// <summary>The layer behind is asked ahead while this one's experts are still to be taken: the plan's probe goes through that,
    /// too.</summary>
    [Fact]
    public async Task Plan_OfExpertsThatStream_ReadsSomeAhead()
    {
        using SyntheticFile model = await SyntheticFile.CreateAsync("qwen3-30b-a3b", layers: 2);
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, "plan", "--model", model.Path, "--memory-budget",
            "400MiB", "--context", "256", "--json");
        Assert.True(code == 0, error);
        using JsonDocument plan = JsonDocument.Parse(output);
        JsonElement experts = plan.RootElement.GetProperty("experts");
        Assert.False(experts.GetProperty("allResident").GetBoolean());
        Assert.True(experts.GetProperty("transientSlots").GetInt32() > 1, output);
        Assert.True(plan.RootElement.GetProperty("predictedTokensPerSecond").GetDouble() > 0);
    }

    [Fact]
    public async Task Inspect_ForPeopleAndInJson_DescribesTheFile()
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, "inspect", CommandLineProcess.Model);
        Assert.True(code == 0, error);
        Assert.Contains("architecture llama", output.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("tokenizer.ggml.tokens", output, StringComparison.Ordinal);
        Assert.InRange(output.Split('\n').Max(l => l.Length), 1, 200);
        (code, output, error) = await CommandLineProcess.RunAsync(null, "inspect", CommandLineProcess.Model, "--json");
        Assert.True(code == 0, error);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.True(json.RootElement.GetProperty("tensors").GetArrayLength() > 100);
    }
}
