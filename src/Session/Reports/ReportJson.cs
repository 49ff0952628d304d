using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace LayerStream.Session.Reports;

/// <summary>Reports as the command line writes them: names in camel case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DivisionReport))]
[JsonSerializable(typeof(LogitsReport))]
[JsonSerializable(typeof(PerplexityReport))]
[JsonSerializable(typeof(RunReport))]
[JsonSerializable(typeof(ScoreReport))]
[JsonSerializable(typeof(SynthesisReport))]
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
