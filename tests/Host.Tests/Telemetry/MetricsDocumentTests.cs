using System.Text;
using LayerStream.Host.Telemetry;
using LayerStream.Host.Tests.Server;

namespace LayerStream.Host.Tests.Telemetry;

/// <summary>docs/metrics.md is made from the table of the code. To write it anew: LAYERSTREAM_WRITE_DOCS=1.</summary>
public sealed class MetricsDocumentTests
{
    private const string Text = """
        # Metrics
        Made from the table of the code by the test `MetricsDocumentTests` (`LAYERSTREAM_WRITE_DOCS=1` writes it anew).

        The daemon gives them at `/metrics` as Prometheus text, and sends them with its spans to an OpenTelemetry collector when one is
        named: `serve --otlp-endpoint http://127.0.0.1:4318`, or the variable `OTEL_EXPORTER_OTLP_ENDPOINT`; the other variables of
        OpenTelemetry (protocol, headers, interval, resource) hold as well. HTTP is spoken unless the port is 4317 or the protocol is
        set. Without such a setting nothing leaves the machine, and the exporter is not even loaded. Meter and source are named
        `LayerStream`.

        A request is a span of the GenAI conventions (`chat MODEL`) with two parts: `prompt` until its first token, then `decode` with the
        seconds it waited, by reason. Neither holds text of prompts or answers. Metrics of the engine have values once the model is loaded.

        | OpenTelemetry | Prometheus | kind | unit | attributes | what |
        | --- | --- | --- | --- | --- | --- |

        """;

    [Fact]
    public void Document_OfMetrics_IsWhatTheCodeSays()
    {
        string path = Path.Combine(ApiDocumentTests.Root(), "docs", "metrics.md"), text = Write();
        if (Environment.GetEnvironmentVariable("LAYERSTREAM_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, text);
        }

        Assert.Equal(text, File.ReadAllText(path));
    }

    [Fact]
    public void Names_OfTheTable_FollowTheRule()
    {
        Assert.Equal(MetricTable.Rows.Count, MetricTable.Rows.Select(r => r.PrometheusName).Distinct().Count());
        Assert.All(MetricTable.Rows, row => Assert.Matches("^(layerstream|gen_ai)(\\.[a-z_]+)+$", row.Name));
        Assert.All(MetricTable.Rows, row => Assert.Matches("^(s|By|1|\\{[a-z]+\\})$", row.Unit));
    }

    [Fact]
    public void Page_WhileTheModelLoads_NamesEveryMetric()
    {
        using DaemonMetrics metrics = new(() => 3, () => null);
        metrics.Add(new RequestFigures { Outcome = RequestFigures.ErrorOutcome, Model = "a\"b", Seconds = 7, FirstTokenSeconds = 2 });
        string page = PrometheusPage.Write(MetricTable.Rows, metrics.View());
        Assert.All(MetricTable.Rows, row => Assert.Contains($"# TYPE {row.PrometheusName} ", page, StringComparison.Ordinal));
        Assert.Contains("\nlayerstream_request_queue_count 3\n", page, StringComparison.Ordinal);
        Assert.Contains("gen_ai_request_model=\"a\\\"b\",gen_ai_response_model=\"a\\\"b\",error_type=\"_OTHER\",le=\"10\"} 1\n", page,
            StringComparison.Ordinal);
        Assert.DoesNotContain("gen_ai_server_time_per_output_token_seconds_count", page, StringComparison.Ordinal);
    }

    private static string Write()
    {
        StringBuilder text = new(Text);
        foreach (MetricRow row in MetricTable.Rows)
        {
            text.Append($"| `{row.Name}` | `{row.PrometheusName}` | {row.Kind.ToString().ToLowerInvariant()} | {row.Unit} | {row.Labels} "
                + $"| {row.Note} |\n");
        }

        return text.ToString();
    }
}
