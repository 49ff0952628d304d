using LayerStream.Host.Verbs;

namespace LayerStream.Host.Tests.Pulling;

[Collection(CapturedError.Collection)]
public sealed class PullVerbTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pull-").FullName;
    private HubStandIn _hub = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await HubStandIn.StartAsync();
        Environment.SetEnvironmentVariable("HF_ENDPOINT", _hub.Endpoint.ToString());
        Environment.SetEnvironmentVariable("HF_TOKEN", "hf_secret");
    }

    public async ValueTask DisposeAsync()
    {
        Environment.SetEnvironmentVariable("HF_ENDPOINT", null);
        Environment.SetEnvironmentVariable("HF_TOKEN", null);
        await _hub.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Pull_OfARepository_SaysHowFarItIsAndNeverTheToken()
    {
        _hub.Add("m-1B-Q4_K_M.gguf", 1 << 20);
        _hub.Key = "hf_secret";
        (int code, string error) = await CapturedError.RunAsync("pull", "hf.co/o/r", "--models", _folder);
        Assert.Equal(Failures.Success, code);
        Assert.Contains("m-1B-Q4_K_M.gguf: 1.00 MiB, done", error, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_secret", error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder, "o", "r", "m-1B-Q4_K_M.gguf")));
    }

    [Fact]
    public async Task Pull_OfNothingThatIsThere_FailsWithTheWayOut()
    {
        (int code, string error) = await CapturedError.RunAsync("pull", "hf.co/o/other", "--models", _folder);
        Assert.Equal(Failures.Failed, code);
        Assert.Contains("HTTP 404", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--connections", "0")]
    [InlineData("--token-file", "/no/such/file")]
    public async Task Pull_OptionThatMakesNoSense_IsRefusedByName(string option, string value)
    {
        (int code, string error) = await CapturedError.RunAsync("pull", "o/r", "--models", _folder, option, value);
        Assert.Equal((Failures.Usage, true), (code, error.Contains(option, StringComparison.Ordinal)));
    }
}
