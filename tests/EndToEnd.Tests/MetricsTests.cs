using System.Text;
using System.Text.RegularExpressions;

namespace LayerStream.EndToEnd.Tests;

/// <summary>docs/metrics.md, the Prometheus page and what a collector gets name the same metrics.</summary>
public sealed partial class MetricsTests
{
    private const string Chat = """{"messages":[{"role":"user","content":"Tell a story"}],"max_tokens":8,"temperature":0}""";

    [Fact]
    public async Task Metrics_OfAServingDaemon_AreThoseOfTheDocumentByBothWays()
    {
        await using OtlpCollector collector = new();
        await using DaemonProcess daemon = new()
        {
            More = ["--otlp-endpoint", collector.Endpoint],
            Variables = new Dictionary<string, string> { ["OTEL_METRIC_EXPORT_INTERVAL"] = "300", ["OTEL_BSP_SCHEDULE_DELAY"] = "300" },
        };
        await daemon.InitializeAsync();
        using (HttpResponseMessage reply = await daemon.Client.PostAsync(
            "v1/chat/completions", new StringContent(Chat, Encoding.UTF8, "application/json"), Token))
        {
            Assert.True(reply.IsSuccessStatusCode, await reply.Content.ReadAsStringAsync(Token));
        }

        using (HttpResponseMessage refused = await daemon.Client.GetAsync("v1/nothing", Token))
        {
            Assert.Equal(404, (int)refused.StatusCode);
        }

        string page = await daemon.Client.GetStringAsync("metrics", Token);
        Assert.Equal(0, await daemon.TerminateAsync()); // the exporter sends what is left
        (string Otlp, string Prometheus, string Kind, string Unit)[] rows = Document();
        Assert.Equal(rows.Select(r => r.Prometheus + " " + r.Kind).Order(StringComparer.Ordinal),
            TypeLine().Matches(page).Select(m => m.Groups[1].Value + " " + m.Groups[2].Value).Order(StringComparer.Ordinal));
        Assert.All(rows, r => Assert.Matches($"(?m)^{r.Prometheus}(_count)?(\\{{.*\\}})? [0-9.E+-]+$", page));
        Assert.Equal(rows.Select(r => (r.Otlp, r.Unit)).Order(), collector.Metrics.Select(m => (m.Key, m.Value)).Order());
    }

    [Fact]
    public async Task Spans_OfAChat_HaveTheAttributesOfTheConventions()
    {
        await using OtlpCollector collector = new();
        await using DaemonProcess daemon = new()
        {
            Variables = new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Endpoint,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            },
        };
        await daemon.InitializeAsync();
        using (HttpResponseMessage reply = await daemon.Client.PostAsync(
            "v1/chat/completions", new StringContent(Chat, Encoding.UTF8, "application/json"), Token))
        {
            Assert.True(reply.IsSuccessStatusCode);
        }

        Assert.Equal(0, await daemon.TerminateAsync());
        string[] names = collector.Spans["chat SmolLM2-135M-Instruct-Q4_1"];
        Assert.Superset(new HashSet<string>
        {
            "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens", "gen_ai.response.finish_reasons",
        }, names.ToHashSet());
        Assert.Contains("layerstream.stall.time.disk_prefetch_late", collector.Spans["decode"]);
        Assert.Contains("prompt", collector.Spans.Keys);
    }

    private static (string, string, string, string)[] Document()
    {
        string text = File.ReadAllText(Path.Combine(CommandLineProcess.Root, "docs", "metrics.md"));
        return [.. TableLine().Matches(text).Select(m => (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value, m.Groups[4].Value))];
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [GeneratedRegex("(?m)^# TYPE (\\S+) (\\S+)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex("(?m)^\\| `(\\S+)` \\| `(\\S+)` \\| (\\S+) \\| (\\S+) \\|")]
    private static partial Regex TableLine();
}
