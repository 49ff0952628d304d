using System.Text.Json;
using System.Xml.Linq;

namespace LayerStream.EndToEnd.Tests;

/// <summary><c>tune</c>: settings measured beside what was given.</summary>
public sealed class TuneTests(TuneTests.DenseModel dense) : IClassFixture<TuneTests.DenseModel>
{
    [Fact]
    public async Task Tune_OfADenseModel_MeasuresDepthsAndReads()
    {
        string[] common = ["tune", "--model", dense.Path, "--memory-budget", "320MiB", "--context", "256", "--depths", "1,2", "--reads",
            "1,3", "--rounds", "1"];
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, [.. common, "--tokens", "6", "--json"]);
        Assert.True(code == 0, error);
        using JsonDocument json = JsonDocument.Parse(output);
        JsonElement tuned = json.RootElement;
        JsonElement[] rows = [.. tuned.GetProperty("rows").EnumerateArray()];
        Assert.Equal(["", "--prefetch-depth 1", "--prefetch-depth 2", "--reads-in-flight 1", "--reads-in-flight 3"],
            rows.Select(r => r.GetProperty("setting").GetString()));
        Assert.All(rows, r => Assert.InRange(r.GetProperty("ratio").GetDouble(), 0.01, 100));
        Assert.True(tuned.GetProperty("prefetchDepth").GetInt32() > 2 && tuned.GetProperty("readsInFlight").GetInt32() > 3);
        Assert.Contains("round 1 of 1", error, StringComparison.Ordinal);
        (code, output, error) = await CommandLineProcess.RunAsync(null, [.. common, "--tokens", "2"]);
        Assert.True(code == 0, error);
        Assert.Contains("recommended: ", output, StringComparison.Ordinal);
        Assert.Contains("(measured once)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tune_WithBudgetsThreadsAndAChart_MeasuresThemAndKeepsTheTunersChoice()
    {
        string folder = Directory.CreateTempSubdirectory("layerstream-").FullName, chart = Path.Combine(folder, "tune.svg"),
            profile = Path.Combine(folder, "profile.json");
        try
        {
            string[] common = ["tune", "--model", dense.Path, "--memory-budget", "320MiB", "--context", "256", "--depths", "1", "--reads",
                "1", "--rounds", "1", "--tokens", "3", "--profile", profile];
            (int code, string output, string error) = await CommandLineProcess.RunAsync(
                null, [.. common, "--json", "--budgets", "64MiB,400MiB", "--thread-counts", "1", "--threads", "2", "--svg", chart]);
            Assert.True(code == 0, error);
            using JsonDocument json = JsonDocument.Parse(output);
            JsonElement[] rows = [.. json.RootElement.GetProperty("rows").EnumerateArray()];
            Assert.Equal(["", "--prefetch-depth 1", "--reads-in-flight 1", "--threads 1", "--memory-budget 64MiB",
                "--memory-budget 400MiB"],
                rows.Select(r => r.GetProperty("setting").GetString()));
            Assert.Contains("does not fit the budget", rows[4].GetProperty("gap").GetString(), StringComparison.Ordinal);
            Assert.True(rows[3].GetProperty("ratio").GetDouble() > 0 && rows[5].GetProperty("ratio").GetDouble() > 0);
            XDocument picture = XDocument.Load(chart);
            Assert.Equal(5, picture.Descendants().Count(e => e.Name.LocalName == "rect" && (string?)e.Attribute("height") == "16"));
            if (json.RootElement.TryGetProperty("tunedDepth", out JsonElement depth) && depth.ValueKind == JsonValueKind.Number)
            {
                using JsonDocument kept = JsonDocument.Parse(await File.ReadAllTextAsync(profile, TestContext.Current.CancellationToken));
                Assert.Equal(depth.GetInt32(), kept.RootElement[0].GetProperty("tuned").GetProperty("depth").GetInt32());
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Tune_OfExpertsThatStream_MeasuresSlotsAndNamesWhatDoesNotFit()
    {
        using SyntheticFile model = await SyntheticFile.CreateAsync("qwen3-30b-a3b", layers: 3);
        (int code, string output, string error) = await CommandLineProcess.RunAsync(
            null, "tune", "--model", model.Path, "--memory-budget", "500MiB", "--context", "256", "--reads", "2", "--slots", "2,999",
                "--tokens", "3", "--rounds", "2", "--json");
        Assert.True(code == 0, error);
        using JsonDocument json = JsonDocument.Parse(output);
        JsonElement[] rows = [.. json.RootElement.GetProperty("rows").EnumerateArray()];
        Assert.Equal(["", "--reads-in-flight 2", "--transient-slots 2", "--transient-slots 999"],
            rows.Select(r => r.GetProperty("setting").GetString()));
        Assert.True(rows[1].GetProperty("standardError").GetDouble() >= 0 && rows[2].GetProperty("ratio").GetDouble() > 0);
        Assert.Contains("does not fit the budget", rows[3].GetProperty("gap").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tune_WithWrongOptions_SaysWhich()
    {
        (int code, _, string error) = await CommandLineProcess.RunAsync(null, "tune", "--model", CommandLineProcess.Model,
            "--reads", "4,x");
        Assert.Equal(2, code);
        Assert.Contains("--reads takes whole numbers from 1 to 64, not 'x'", error, StringComparison.Ordinal);
        (code, _, error) = await CommandLineProcess.RunAsync(null, "tune", "--model", CommandLineProcess.Model, "--tokens", "40",
            "--context", "64", "--memory-budget", "300MiB");
        Assert.Equal(2, code);
        Assert.Contains("set --context higher or --tokens lower", error, StringComparison.Ordinal);
    }

    /// <summary>A dense model, made once.</summary>
    public sealed class DenseModel : IAsyncLifetime
    {
        private SyntheticFile? _file;

        internal string Path => _file!.Path;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() => _file = await SyntheticFile.CreateAsync("llama-8b", layers: 3);

        /// <inheritdoc/>
        public ValueTask DisposeAsync()
        {
            _file?.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
