using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>What the program computes where nobody says how: the precision of the reference, not only its speed.</summary>
public sealed class FirstAnswerTests
{
    [Theory]
    [InlineData("512MiB")]
    [InlineData("128MiB")]
    public async Task Run_OfTheShippedModelByDefault_KnowsTheCapitalOfFranceInAnyBudget(string budget)
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, "run", "What is the capital of France?",
            "--model", CommandLineProcess.Model, "--temperature", "0", "--max-tokens", "16", "--context", "256", "--memory-budget", budget,
            "--json");
        Assert.True(code == 0, error);
        Assert.Equal("The capital of France is Paris.", JsonDocument.Parse(output).RootElement.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Perplexity_ByDefault_IsThatOfTheReferenceWithin3InAThousand()
    {
        string text = Path.Combine(CommandLineProcess.Root, "..", "shared", "golden", "text.txt");
        Assert.SkipUnless(File.Exists(text), "the reference text is not beside the project");
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, "perplexity", "--model", CommandLineProcess.Model,
            "--file", text, "--json");
        Assert.True(code == 0, error);
        Assert.InRange(JsonDocument.Parse(output).RootElement.GetProperty("perplexity").GetDouble() / 19.1027, 0.997, 1.003);
    }
}
