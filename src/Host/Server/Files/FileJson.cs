using System.Text.Json;

namespace LayerStream.Host.Server.Files;

/// <summary>Files as the API shows them.</summary>
internal static class FileJson
{
    /// <summary>Writes a file.</summary>
    public static void Write(Utf8JsonWriter json, StoredFile file)
    {
        json.WriteStartObject();
        json.WriteString("id", file.Id);
        json.WriteString("object", "file");
        json.WriteNumber("bytes", file.Bytes);
        json.WriteNumber("created_at", file.CreatedAt);
        if (file.ExpiresAt is { } end)
        {
            json.WriteNumber("expires_at", end);
        }

        json.WriteString("filename", file.Name);
        json.WriteString("purpose", file.Purpose);
        json.WriteString("status", "processed");
        json.WriteNull("status_details");
        json.WriteEndObject();
    }
}
