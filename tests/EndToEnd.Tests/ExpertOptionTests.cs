using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>Options and figures of models with experts, as a user meets them.</summary>
public sealed class ExpertOptionTests
{
    private static string DenseModel => Path.Combine(CommandLineProcess.Root, "tests", "Golden.Tests", "data", "llama", "model.gguf");

    [Fact]
    public async Task Run_ByDefault_IsNotLossy()
    {
        (JsonElement json, string error) = await RunAsync(ExpertModel());
        Assert.Equal(0, json.GetProperty("lossy").GetArrayLength());
        Assert.Equal(0, json.GetProperty("expertsSkipped").GetInt64());
        Assert.DoesNotContain("LOSSY", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithFewerExperts_SaysLossyEverywhere()
    {
        string model = ExpertModel();
        (JsonElement json, string error) = await RunAsync(model, "--experts", "2", "--drop-cold-experts", "0.2");
        Assert.Equal(["--experts 2 (the model's own: 4)", "--drop-cold-experts 0.2"],
            json.GetProperty("lossy").EnumerateArray().Select(e => e.GetString()));
        Assert.Contains("LOSSY: --experts 2", error, StringComparison.Ordinal);
        (int code, _, error) = await CommandLineProcess.RunAsync(null,
            ["run", "--model", model, "--ids", "1,2,3", "--max-tokens", "4", "--ignore-eos", "--quiet", "--experts", "2"]);
        Assert.Equal(0, code);
        Assert.Contains("choices of experts skipped", error, StringComparison.Ordinal);
        (code, string output, error) = await CommandLineProcess.RunAsync(null,
            ["plan", "--model", model, "--json", "--experts", "2", "--expert-policy", "decay"]);
        Assert.Equal(0, code);
        Assert.Contains("LOSSY: --experts 2", error, StringComparison.Ordinal);
        using JsonDocument plan = JsonDocument.Parse(output);
        Assert.Equal(1, plan.RootElement.GetProperty("lossy").GetArrayLength());
        Assert.Equal("decay", plan.RootElement.GetProperty("experts").GetProperty("policy").GetString());
        Assert.Equal(2, plan.RootElement.GetProperty("experts").GetProperty("perToken").GetInt32());
    }

    [Theory]
    [InlineData("--experts", "0", "--experts")]
    [InlineData("--experts", "5", "own number is 4")]
    [InlineData("--drop-cold-experts", "0", "--drop-cold-experts")]
    [InlineData("--drop-cold-experts", "1.5", "--drop-cold-experts")]
    [InlineData("--expert-policy", "best", "lru, lru-token, lfu, decay, decay-shared, forecast, forecast-shared")]
    public async Task Run_BadValue_IsAUsageErrorThatNamesTheWayOut(string option, string value, string expected)
    {
        (int code, _, string error) = await CommandLineProcess.RunAsync(null,
            ["run", "--model", ExpertModel(), "--ids", "1,2", "--json", option, value]);
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--experts", "1")]
    [InlineData("--drop-cold-experts", "0.1")]
    public async Task Run_LossyOptionOfADenseModel_IsRefused(string option, string value)
    {
        (int code, _, string error) = await CommandLineProcess.RunAsync(null,
            ["run", "--model", DenseModel, "--ids", "1,2", "--json", option, value]);
        Assert.Equal(2, code);
        Assert.Contains("this one has none", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_OfRun_NamesThePoliciesAndWhatIsLossy()
    {
        (int code, string output, _) = await CommandLineProcess.RunAsync(null, "run", "--help");
        Assert.Equal(0, code);
        string help = string.Join(' ', output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, help.Split("LOSSY:").Length - 1);
        Assert.Contains("depends on the budget", help, StringComparison.Ordinal);
        Assert.Contains("lru, lru-token, lfu", help, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Daemon_WithExperts_ReportsLookupsPolicyAndLossyInStatusMetricsAndTelemetry()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        string collector = $"http://127.0.0.1:{DaemonProcess.FreePort()}/";
        using HttpListener listener = new();
        listener.Prefixes.Add(collector);
        listener.Start();
        Task<string> exported = CollectAsync(listener, "layerstream.residency.lookups");
        await using DaemonProcess daemon = new()
        {
            Model = ExpertModel(),
            More = ["--experts", "3", "--expert-policy", "lfu"],
            Variables = new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "300",
            },
        };
        await daemon.InitializeAsync();
        const string Body = """{"messages":[{"role":"user","content":"a"}],"max_tokens":5,"ignore_eos":true}""";
        using (HttpResponseMessage reply = await daemon.Client.PostAsync("v1/chat/completions",
            new StringContent(Body, Encoding.UTF8, "application/json"), token))
        {
            Assert.True(reply.IsSuccessStatusCode, await reply.Content.ReadAsStringAsync(token));
        }

        using JsonDocument status = JsonDocument.Parse(await daemon.Client.GetStringAsync("v1/layerstream/status", token));
        JsonElement plan = status.RootElement.GetProperty("plan"), engine = status.RootElement.GetProperty("engine");
        Assert.Equal("--experts 3 (the model's own: 4)", Assert.Single(plan.GetProperty("lossy").EnumerateArray()).GetString());
        Assert.Equal(("lfu", 3), (plan.GetProperty("expert_policy").GetString(), plan.GetProperty("experts_per_token").GetInt32()));
        long hits = engine.GetProperty("expert_hits").GetInt64(), misses = engine.GetProperty("expert_misses").GetInt64();
        Assert.True(hits + misses >= 5 * 3);
        Assert.Equal(misses > 0, engine.GetProperty("expert_bytes_demanded").GetInt64() > 0);
        Assert.Equal((0, 0), (engine.GetProperty("expert_bytes_wasted").GetInt64(), engine.GetProperty("experts_skipped").GetInt64()));
        string metrics = await daemon.Client.GetStringAsync("metrics", token);
        Assert.Equal(hits, Sample(metrics, "hit"));
        long read = Sample(metrics, "inflight") + Sample(metrics, "miss");
        Assert.Equal(misses, read);
        Assert.Contains("layerstream_expert_io_bytes_total{use=\"demanded\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("layerstream_expert_io_bytes_total{use=\"wasted\"} 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("layerstream_expert_skips_total 0\n", metrics, StringComparison.Ordinal);
        string body = await exported.WaitAsync(TimeSpan.FromSeconds(30), token);
        Assert.Contains("layerstream.expert.io", body, StringComparison.Ordinal);
        Assert.Contains("layerstream.expert.skips", body, StringComparison.Ordinal);
        Assert.Equal(0, await daemon.TerminateAsync());
    }

    private static long Sample(string metrics, string result) => long.Parse(Array.Find(metrics.Split('\n'), l => l.StartsWith(
        $"layerstream_residency_lookups_total{{part=\"expert\",result=\"{result}\"}} ", StringComparison.Ordinal))!.Split(' ')[1],
        CultureInfo.InvariantCulture);

    /// <summary>Answers exports until one holds a name, and gives that one.</summary>
    private static async Task<string> CollectAsync(HttpListener listener, string name)
    {
        string found = "";
        while (found.Length == 0)
        {
            HttpListenerContext request = await listener.GetContextAsync();
            using StreamReader reader = new(request.Request.InputStream, Encoding.Latin1);
            string body = await reader.ReadToEndAsync();
            request.Response.Close();
            found = body.Contains(name, StringComparison.Ordinal) ? body : "";
        }

        return found;
    }

    private static async Task<(JsonElement Json, string Error)> RunAsync(string model, params string[] more)
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(
            null, ["run", "--model", model, "--ids", "1,2,3,4", "--max-tokens", "6", "--ignore-eos", "--json", .. more]);
        Assert.True(code == 0, error);
        using JsonDocument json = JsonDocument.Parse(output);
        return (json.RootElement.Clone(), error);
    }

    private static string ExpertModel()
    {
        string path = Path.Combine(CommandLineProcess.Root, "..", "shared", "golden", "arch", "qwen3moe", "model.gguf");
        Assert.SkipUnless(File.Exists(path), "the golden data is not beside the project");
        return path;
    }
}
