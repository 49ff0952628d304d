using System.Text.Encodings.Web;
using System.Text.Json;
using LayerStream.Actors.Run;

namespace LayerStream.Session;

/// <summary>JSON objects, one per line when compact, without reflection.</summary>
public static class JsonOut
{
    /// <summary>Writes one object and a line feed.</summary>
    public static void Write(Stream output, Action<Utf8JsonWriter> members, bool indented = false)
    {
        using (Utf8JsonWriter json = new(output, new JsonWriterOptions
        {
            Indented = indented,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
        }))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
        output.Flush();
    }

    /// <summary>Writes an array of ids.</summary>
    public static void WriteIds(Utf8JsonWriter json, string name, ReadOnlySpan<int> ids)
    {
        json.WriteStartArray(name);
        foreach (int id in ids)
        {
            json.WriteNumberValue(id);
        }

        json.WriteEndArray();
    }

    /// <summary>Writes how load and compute overlapped: seconds of each, the share, and the stalls by reason.</summary>
    public static void WriteOverlap(Utf8JsonWriter json, RunResult r)
    {
        json.WriteNumber("loadSeconds", r.LoadSeconds);
        json.WriteNumber("computeSeconds", r.ComputeSeconds);
        json.WriteNumber("overlapShare", r.OverlapShare);
        json.WriteStartObject("stallSeconds");
        foreach ((string reason, double seconds) in r.StallSeconds)
        {
            json.WriteNumber(reason, seconds);
        }

        json.WriteEndObject();
    }
}
