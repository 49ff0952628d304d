using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using LayerStream.Formats;

namespace LayerStream.Session.Reports;

/// <summary>What a model file holds.</summary>
/// <param name="Architecture">Its architecture, or null.</param>
/// <param name="Version">Version of the format.</param>
/// <param name="Parameters">Weights.</param>
/// <param name="Tensors">Its tensors.</param>
/// <param name="Metadata">Its keys.</param>
public sealed record ModelFileReport(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Architecture, int Version, long Parameters,
    IReadOnlyList<TensorReport> Tensors, MetadataReport Metadata)
{
    /// <summary>Of an opened file.</summary>
    public static ModelFileReport Of(GgufModel model) => new(
        model.Architecture, model.Version, model.Tensors.Sum(t => t.Elements),
        [.. model.Tensors.Select(t => TensorReport.Of(t, model.Files.Count > 1))], new MetadataReport(model.Metadata));
}

/// <summary>A tensor of a file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Shape">Elements of each dimension, the fastest first.</param>
/// <param name="Offset">Where it begins in its file.</param>
/// <param name="Bytes">Its length.</param>
public sealed record TensorReport(string Name, string Type, IReadOnlyList<long> Shape, long Offset, long Bytes)
{
    /// <summary>Index of its file; null where there is one.</summary>
    public int? File { get; init; }

    /// <summary>Of a tensor.</summary>
    public static TensorReport Of(TensorInfo tensor, bool isOfMany) =>
        new(tensor.Name, TensorTypes.Get(tensor.Type).Name, tensor.Shape, tensor.Extent.Offset, tensor.Extent.Length)
        {
            File = isOfMany ? tensor.Extent.File : null,
        };
}

/// <summary>Keys of a file with values of the format's types, written as they lie there: vocabularies are long.</summary>
/// <param name="Metadata">The keys.</param>
[JsonConverter(typeof(MetadataWriter))]
public sealed record MetadataReport(GgufMetadata Metadata);

/// <summary>Writes keys as members of an object. The format's arrays may hold arrays, as deep as its reader allows.</summary>
public sealed class MetadataWriter : JsonConverter<MetadataReport>
{
    /// <inheritdoc/>
    public override MetadataReport Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Metadata is read from model files only.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, MetadataReport value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach ((string key, object entry) in value.Metadata.Entries)
        {
            writer.WritePropertyName(key);
            WriteValue(writer, entry);
        }

        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case float f when float.IsFinite(f): json.WriteNumberValue(f); break;
            case double d when double.IsFinite(d): json.WriteNumberValue(d); break;
            case ulong u: json.WriteNumberValue(u); break;
            case byte or sbyte or short or ushort or int or uint or long:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case IEnumerable many:
                json.WriteStartArray();
                foreach (object? entry in many)
                {
                    WriteValue(json, entry!);
                }

                json.WriteEndArray();
                break;
            default: json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break; // NaN and infinity too
        }
    }
}
