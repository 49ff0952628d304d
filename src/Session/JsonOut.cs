using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace LayerStream.Session;

/// <summary>JSON objects, one per line when compact, without reflection.</summary>
public static class JsonOut
{
    /// <summary>Writes one object and a line feed.</summary>
    public static void Write(Stream output, Action<Utf8JsonWriter> members, bool indented = false)
    {
        using (Utf8JsonWriter json = Writer(output, indented))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
        output.Flush();
    }

    /// <summary>Writes a report and a line feed.</summary>
    public static void Write<T>(Stream output, T report, JsonTypeInfo<T> type, bool indented = false)
    {
        using (Utf8JsonWriter json = Writer(output, indented))
        {
            JsonSerializer.Serialize(json, report, type);
        }

        output.WriteByte((byte)'\n');
        output.Flush();
    }

    // Text is escaped only where JSON asks for it.
    private static Utf8JsonWriter Writer(Stream output, bool indented) =>
        new(output, new JsonWriterOptions { Indented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
