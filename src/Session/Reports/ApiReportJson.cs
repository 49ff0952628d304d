using System.Text.Json.Serialization;

namespace LayerStream.Session.Reports;

/// <summary>The same reports as the daemon writes them: the same names in snake case, as the API has them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DivisionReport))]
[JsonSerializable(typeof(SweepReport))]
public sealed partial class ApiReportJson : JsonSerializerContext;
