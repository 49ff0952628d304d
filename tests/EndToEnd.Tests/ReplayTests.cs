using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

public sealed class ReplayTests
{
    [Fact]
    public async Task Replay_OfATrace_GivesEveryPolicyAndTheBound()
    {
        string path = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.route.csv");
        try
        {
            await File.WriteAllTextAsync(path,
                "# route_trace v1\n# model=m.gguf arch=x n_layer=1 n_expert=4 n_expert_used=2\n# layer=0 expert_bytes=10 dense_bytes=1\n"
                + "turn,phase,step,layer,slot,expert,weight,residency,expert_bytes\n"
                + string.Concat(Enumerable.Range(0, 30).Select(i => $"0,1,{i},0,0,{i % 2},0.6,0,10\n0,1,{i},0,1,{2 + (i % 2)},0.4,0,10\n")),
                TestContext.Current.CancellationToken);
            (int code, string output, string error) = await CommandLineProcess.RunAsync(null, "replay", path, "--slots", "1,2", "--policy",
                "forecast", "--json");
            Assert.True(code == 0, error);
            using JsonDocument json = JsonDocument.Parse(output);
            JsonElement[] rows = [.. json.RootElement.GetProperty("replays").EnumerateArray()];
            double Hits(string policy, int slots) => rows.Single(r => r.GetProperty("policy").GetString() == policy
                && r.GetProperty("slotsPerLayer").GetInt32() == slots)
                .GetProperty("hitRate").GetDouble();
            Assert.Equal(0, Hits("lru", 2));
            Assert.True(Hits("forecast", 2) > 0.4 && Hits("belady", 2) >= Hits("forecast", 2), output);
            Assert.True(Hits("belady", 1) < Hits("belady", 2), output);

            await File.AppendAllTextAsync(path, "0,1,40,0,0,9,1,0,0\n", TestContext.Current.CancellationToken);
            (code, _, error) = await CommandLineProcess.RunAsync(null, "replay", path);
            Assert.Equal(1, code);
            Assert.Contains("line 65", error, StringComparison.Ordinal);
            (code, _, _) = await CommandLineProcess.RunAsync(null, "replay", path, "--policy", "none");
            Assert.Equal(2, code);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
