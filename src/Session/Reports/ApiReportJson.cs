using System.Text.Json.Serialization;
using LayerStream.Actors.Tracing;

namespace LayerStream.Session.Reports;

/// <summary>The same reports as the daemon writes them: the same names in snake case, as the API has them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(FiniteNumber)])]
[JsonSerializable(typeof(CurveReport))]
[JsonSerializable(typeof(DivisionReport))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(FitReport))]
[JsonSerializable(typeof(QuestionReport))]
[JsonSerializable(typeof(ServedModelsReport))]
[JsonSerializable(typeof(RequestListReport))]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(TraceFigures))]
public sealed partial class ApiReportJson : JsonSerializerContext;
