using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using LayerStream.Actors.Tracing;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Tests.Session;

/// <summary>A figure has one name: in camel case on the command line, in snake case in the API.</summary>
public sealed partial class ReportTests
{
    // A second word for what has a name already, and that name.
    private static readonly Dictionary<string, string> s_retired = new()
    {
        ["Depth"] = "PrefetchDepth",
        ["Reads"] = "ReadsInFlight",
        ["InFlightReads"] = "ReadsInFlight",
        ["MemoryBudgetBytes"] = "BudgetBytes",
        ["Budget"] = "BudgetBytes",
        ["SmallestBudget"] = "SmallestBudgetBytes",
        ["Knee"] = "KneeBudgetBytes",
        ["Points"] = "Curve",
        ["BytesPerToken"] = "ReadBytesPerToken",
        ["Fallback"] = "DirectIoFallback",
        ["DirectFallback"] = "DirectIoFallback",
        ["DirectFallbackReason"] = "DirectIoFallback",
        ["DeviceRate"] = "DeviceBytesPerSecond",
        ["Weights"] = "Parameters",
        ["Predicted"] = "PredictedTokensPerSecond",
        ["Measured"] = "MeasuredTokensPerSecond",
        ["PeakBytes"] = "PeakMemoryBytes",
    };

    // A generation says what it streamed, with experts of the answer only: not what a prediction reads.
    private static readonly string[] s_own = ["RunReport.BytesPerToken", "TraceAnswers.Depth"];

    public static TheoryData<string> Reports => [.. Types().Select(t => t.Name)];

    [Fact]
    public void Reports_OfTheApi_AreThoseOfTheCommandLineInSnakeCase()
    {
        foreach (Type type in new[] { typeof(DivisionReport), typeof(TraceFigures), typeof(PointReport), typeof(PassFigures) })
        {
            string[] command = Names(ReportJson.Default.GetTypeInfo(type)!), api = Names(ApiReportJson.Default.GetTypeInfo(type)!);
            Assert.Equal(command.Select(JsonNamingPolicy.SnakeCaseLower.ConvertName), api);
        }

        Assert.Contains("budgetBytes", Names(ReportJson.Default.DivisionReport));
        Assert.Contains("smallest_budget_bytes", Names(ApiReportJson.Default.DivisionReport));
    }

    [Theory]
    [MemberData(nameof(Reports))]
    public void Report_Figures_HaveTheNamesOfTheOthers(string report)
    {
        Type type = Types().Single(t => t.Name == report);
        foreach (PropertyInfo figure in type.GetProperties())
        {
            if (s_retired.TryGetValue(figure.Name, out string? name) && !s_own.Contains($"{report}.{figure.Name}"))
            {
                Assert.Fail($"{report}.{figure.Name} is spelled {name} elsewhere");
            }

            // One unit under one name: what is a number of bytes or of seconds says so at its end.
            Type kind = Nullable.GetUnderlyingType(figure.PropertyType) ?? figure.PropertyType;
            Assert.False(kind == typeof(double) && !s_units.Any(u => figure.Name.EndsWith(u, StringComparison.Ordinal)),
                $"{report}.{figure.Name} names no unit");
        }
    }

    [Fact]
    public void Json_OfOurOwnFigures_IsWrittenByRecordsOnly()
    {
        string[] places = ["src/Host/Verbs", "src/Host/Measuring", "src/Host/Options"];
        string[] endpoints = ["StatusEndpoint.cs", "PlanEndpoint.cs", "HealthEndpoint.cs", "TraceEndpoint.cs"];
        IEnumerable<string> files = places
            .SelectMany(place => Directory.EnumerateFiles(Path.Combine(Repository, place), "*.cs", SearchOption.AllDirectories))
            .Concat(endpoints.Select(name => Path.Combine(Repository, "src/Host/Server/Endpoints", name)));
        string[] byHand = [.. files.Where(f => ByHand().IsMatch(File.ReadAllText(f))).Select(f => Path.GetRelativePath(Repository, f))];
        Assert.Empty(byHand);
    }

    [Fact]
    public void DivisionReport_OfAPlan_AddsUp()
    {
        ModelOptions options = new() { ModelPath = ShippedModel.Path, BudgetBytes = 256 << 20 };
        DivisionReport report = DivisionReport.Of(ModelFile.Open(ShippedModel.Path).Plan(options, new Ignored()).Plan);
        Assert.Equal(report.PlannedBytes, report.Accounts.Values.Sum());
        Assert.InRange(report.PlannedBytes, report.SmallestBudgetBytes / 2, report.BudgetBytes);
        Assert.Null(report.ExpertPolicy);
        Assert.Empty(report.Lossy);
    }

    [Fact]
    public void WriteMembers_FigureThatAModelHasNot_IsLeftOut()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            ReportJson.WriteMembers(json, new LogitsReport(2, 3, ["é"]), ReportJson.Default.LogitsReport);
            json.WriteEndObject();
        }

        using JsonDocument written = JsonDocument.Parse(stream.ToArray());
        Assert.Equal(["positions", "vocabulary", "lossy"], written.RootElement.EnumerateObject().Select(m => m.Name));
        Assert.Equal(3, written.RootElement.GetProperty("vocabulary").GetInt32());
    }

    private static readonly string[] s_units =
    [
        "Probability",
        "Seconds", "Ms", "Bytes", "PerSecond", "PerToken", "PerPass", "Share", "Rate", "Ratio", "Error", "Gain", "Accuracy", "PerWeight",
        "Cores", "Perplexity", "Nll", "Logprob", "PerReadGigabyte", "Before", "Guess", "Beside", "Expert",
    ];

    private static string Repository
    {
        get
        {
            string folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "LayerStream.sln")))
            {
                folder = Path.GetDirectoryName(folder)!;
            }

            return folder;
        }
    }

    [GeneratedRegex(@"\bjson\.Write(Number|String|Boolean|Null|StartObject|StartArray)\(")]
    private static partial Regex ByHand();

    private static IEnumerable<Type> Types() => typeof(RunReport).Assembly.GetTypes().Concat(typeof(TraceFigures).Assembly.GetTypes())
        .Where(t => t.IsPublic && !t.IsAbstract && t.GetMethod("<Clone>$") is not null && ReportJson.Default.GetTypeInfo(t) is not null
            || t == typeof(EngineReport) || t == typeof(StatusReport) || t == typeof(CurveReport) || t == typeof(DecisionReport));

    private static string[] Names(JsonTypeInfo type) => [.. type.Properties.Select(p => p.Name)];

    private sealed class Ignored : IProgress<SessionNotice>
    {
        public void Report(SessionNotice value)
        {
        }
    }
}
