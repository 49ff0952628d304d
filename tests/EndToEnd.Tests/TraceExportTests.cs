using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace LayerStream.EndToEnd.Tests;

/// <summary>What other tools get of a streamed run. Perfetto's own importer cannot be had without a network: its rules are checked
/// here.</summary>
public sealed class TraceExportTests(TraceExportTests.RecordedRun run) : IClassFixture<TraceExportTests.RecordedRun>
{
    private const int MostRounding = 2 * 4096; // of a read: a page before its bytes and one behind
    private const double LeastNestingMicros = 0.0011; // times are written with three digits

    [Fact]
    public async Task Chrome_OfARun_KeepsToTheSchema()
    {
        using JsonDocument trace = JsonDocument.Parse(await ExportAsync("chrome"));
        AssertValid("chrome-trace.schema.json", trace.RootElement);
    }

    [Fact]
    public async Task Chrome_OfARun_HasSlicesThatNestOnEveryLane()
    {
        using JsonDocument trace = JsonDocument.Parse(await ExportAsync("chrome"));
        var lanes = trace.RootElement.GetProperty("traceEvents").EnumerateArray().Where(e => e.GetProperty("ph").GetString() == "X")
            .Select(e => (Lane: e.GetProperty("tid").GetInt32(), Begin: e.GetProperty("ts").GetDouble(),
                End: e.GetProperty("ts").GetDouble() + e.GetProperty("dur").GetDouble(), Name: e.GetProperty("name").GetString()))
            .GroupBy(s => s.Lane).ToArray();
        Assert.True(lanes.Length >= 6, "passes, compute, evict, a sequence and the slots");
        foreach (var lane in lanes)
        {
            Stack<(double End, string? Name)> open = new();
            foreach (var slice in lane.OrderBy(s => s.Begin).ThenByDescending(s => s.End))
            {
                while (open.TryPeek(out (double End, string? Name) outer) && outer.End <= slice.Begin + LeastNestingMicros)
                {
                    open.Pop();
                }

                Assert.False(open.TryPeek(out (double End, string? Name) around) && around.End + LeastNestingMicros < slice.End,
                    $"lane {slice.Lane}: {slice.Name} at {slice.Begin} µs ends behind {around.Name}");
                open.Push((slice.End, slice.Name));
            }
        }
    }

    [Fact]
    public async Task Otlp_OfARun_IsTakenByACollector()
    {
        await using OtlpCollector collector = new();
        using HttpClient client = new();
        string[] lines = (await ExportAsync("otlp")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string line in lines)
        {
            using JsonDocument request = JsonDocument.Parse(line);
            AssertValid("otlp-traces.schema.json", request.RootElement);
            using HttpResponseMessage reply = await client.PostAsync(collector.Endpoint + "/v1/traces",
                new StringContent(line, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        }

        Assert.Superset(new HashSet<string>
        {
            "layerstream.request", "layerstream.prompt", "layerstream.token", "layerstream.load", "layerstream.compute", "layerstream.wait",
            "layerstream.evict",
        }, collector.Spans.Keys.ToHashSet());
    }

    [Fact]
    public async Task Fio_OfARun_ReplaysItsBytes()
    {
        string log = await ExportAsync("fio"), folder = Directory.CreateTempSubdirectory("layerstream-").FullName;
        try
        {
            long[] reads = [.. log.Split('\n').Where(l => l.Contains(" read ", StringComparison.Ordinal))
                .Select(l => long.Parse(l.Split(' ')[^1], CultureInfo.InvariantCulture))];
            long logged = reads.Sum();
            Assert.InRange(logged - run.StreamedBytes, 0, MostRounding * (long)reads.Length);
            await File.WriteAllTextAsync(Path.Combine(folder, "reads.log"), log, TestContext.Current.CancellationToken);
            Assert.SkipUnless(Find("fio") is not null, "fio is not installed: the log was only added up");
            ProcessStartInfo start = new(Find("fio")!, ["--name=replay", "--read_iolog=reads.log", "--ioengine=psync", "--readonly",
                "--output-format=json"])
            { WorkingDirectory = folder, RedirectStandardOutput = true };
            using Process fio = Process.Start(start)!;
            string report = await fio.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await fio.WaitForExitAsync(TestContext.Current.CancellationToken);
            using JsonDocument figures = JsonDocument.Parse(report[report.IndexOf('{', StringComparison.Ordinal)..]);
            Assert.Equal(logged, figures.RootElement.GetProperty("jobs")[0].GetProperty("read").GetProperty("io_bytes").GetInt64());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<string> ExportAsync(string format)
    {
        (int code, string output, string error) =
            await CommandLineProcess.RunAsync(null, "trace", "export", run.Trace, "--format", format, "--quiet");
        Assert.True(code == 0, error);
        return output;
    }

    private static void AssertValid(string schema, JsonElement document)
    {
        JsonSchema rules = JsonSchema.FromText(
            File.ReadAllText(Path.Combine(CommandLineProcess.Root, "tests", "EndToEnd.Tests", "data", schema)));
        EvaluationResults results = rules.Evaluate(JsonNode.Parse(document.GetRawText()), new EvaluationOptions
        {
            OutputFormat = OutputFormat.List,
        });
        Assert.True(results.IsValid, string.Join('\n', results.Details.Where(d => d.HasErrors).Take(5)
            .Select(d => $"{d.InstanceLocation}: {string.Join("; ", d.Errors!.Values)}")));
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>A short run that streams most of the shipped model, and its trace.</summary>
    public sealed class RecordedRun : IAsyncLifetime
    {
        /// <summary>The trace of the run.</summary>
        public string Trace { get; } = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.lstrace");

        /// <summary>Bytes that its passes took from the device, by the engine's own count.</summary>
        public long StreamedBytes { get; private set; }

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            (int code, string output, string error) = await CommandLineProcess.RunAsync(null, "run", "Name three colours.", "--json",
                "--temperature", "0", "--context", "512", "--max-tokens", "6", "--ignore-eos", "--memory-budget", "160MiB",
                "--prefetch-depth", "4", "--trace", Trace);
            Assert.True(code == 0, error);
            using JsonDocument figures = JsonDocument.Parse(output);
            StreamedBytes = figures.RootElement.GetProperty("bytesStreamed").GetInt64()
                + figures.RootElement.GetProperty("bytesWasted").GetInt64();
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync()
        {
            File.Delete(Trace);
            return ValueTask.CompletedTask;
        }
    }
}
