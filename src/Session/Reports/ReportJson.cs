using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using LayerStream.Actors.Tracing;

namespace LayerStream.Session.Reports;

/// <summary>Reports as the command line writes them: names in camel case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(FiniteNumber)])]
[JsonSerializable(typeof(AnswerReport))]
[JsonSerializable(typeof(BatchReport))]
[JsonSerializable(typeof(CatalogueReport))]
[JsonSerializable(typeof(DivisionReport))]
[JsonSerializable(typeof(DownloadReport))]
[JsonSerializable(typeof(ErrorReport))]
[JsonSerializable(typeof(FailureReport))]
[JsonSerializable(typeof(ForecastReport))]
[JsonSerializable(typeof(GrammarFaultReport))]
[JsonSerializable(typeof(HistoryReport))]
[JsonSerializable(typeof(IdsReport))]
[JsonSerializable(typeof(LogitsReport))]
[JsonSerializable(typeof(MachineReport))]
[JsonSerializable(typeof(MatchReport))]
[JsonSerializable(typeof(ModelFileReport))]
[JsonSerializable(typeof(ModelReport))]
[JsonSerializable(typeof(PerplexityReport))]
[JsonSerializable(typeof(QuantizationReport))]
[JsonSerializable(typeof(QuestionReport))]
[JsonSerializable(typeof(RemovalReport))]
[JsonSerializable(typeof(RenderingReport))]
[JsonSerializable(typeof(ReplayReport))]
[JsonSerializable(typeof(RunReport))]
[JsonSerializable(typeof(SettingsReport))]
[JsonSerializable(typeof(SynthesisReport))]
[JsonSerializable(typeof(TopReport))]
[JsonSerializable(typeof(TraceDiffFigures))]
[JsonSerializable(typeof(TraceFigures))]
[JsonSerializable(typeof(TuningReport))]
[JsonSerializable(typeof(VerificationReport))]
public sealed partial class ReportJson : JsonSerializerContext
{
    /// <summary>Writes the members of a report into the object that is open.</summary>
    public static void WriteMembers<T>(Utf8JsonWriter json, T report, JsonTypeInfo<T> type)
    {
        foreach (JsonProperty member in JsonSerializer.SerializeToElement(report, type).EnumerateObject())
        {
            member.WriteTo(json);
        }
    }
}
