using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Tests.Session;

/// <summary>A figure has one name: in camel case on the command line, in snake case in the API.</summary>
public sealed class ReportTests
{
    [Fact]
    public void DivisionReport_OnTheCommandLineAndInTheApi_HasTheSameNames()
    {
        string[] command = Names(ReportJson.Default.DivisionReport), api = Names(ApiReportJson.Default.DivisionReport);
        Assert.Equal(command.Select(JsonNamingPolicy.SnakeCaseLower.ConvertName), api);
        Assert.Contains("budgetBytes", command);
        Assert.Contains("smallest_budget_bytes", api);
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

    private static string[] Names(JsonTypeInfo type) => [.. type.Properties.Select(p => p.Name)];

    private sealed class Ignored : IProgress<SessionNotice>
    {
        public void Report(SessionNotice value)
        {
        }
    }
}
