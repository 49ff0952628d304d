using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>Texts that a grammar leaves no choice about cost fewer passes, and are the same.</summary>
public sealed class GrammarDraftTests : IDisposable
{
    private const string Schema = """
        {"type":"object","properties":{"departure_airport_code":{"enum":["AMS","BER","CDG"]},"arrival_airport_code":{"enum":["LHR","OSL"]},
        "passenger_nationality":{"const":"european_union_citizen"}},"required":["departure_airport_code","arrival_airport_code",
        "passenger_nationality"],"additionalProperties":false}
        """;

    private readonly string _schema = Path.GetTempFileName();

    public GrammarDraftTests() => File.WriteAllText(_schema, Schema);

    [Theory]
    [InlineData("0")]
    [InlineData("0.8")]
    public async Task Answer_ByASchema_IsTheSameWithFewerPasses(string temperature)
    {
        JsonElement plain = await RunAsync("off", temperature), drafted = await RunAsync("prompt", temperature);
        Assert.Equal(plain.GetProperty("text").GetString(), drafted.GetProperty("text").GetString());
        Assert.Equal(plain.GetProperty("ids").GetRawText(), drafted.GetProperty("ids").GetRawText());
        int passes = drafted.GetProperty("sweep").GetProperty("passes").GetInt32(),
            plainPasses = plain.GetProperty("sweep").GetProperty("passes").GetInt32();
        Assert.True(passes * 4 < plainPasses * 3, $"{passes} passes, {plainPasses} without guesses");
    }

    public void Dispose() => File.Delete(_schema);

    private async Task<JsonElement> RunAsync(string draft, string temperature)
    {
        // The model streams: how many guesses are tried follows what a pass costs, which arithmetic on a busy machine would distort.
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, ["run", "Book a flight to Oslo.", "--json",
            "--memory-budget", "160MiB", "--context", "256", "--json-schema", _schema, "--draft", draft, "--temperature", temperature,
            "--seed", "7", "--max-tokens", "100"]);
        Assert.True(code == 0, error);
        using JsonDocument run = JsonDocument.Parse(output);
        return run.RootElement.Clone();
    }
}
