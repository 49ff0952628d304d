using System.Globalization;
using System.Text.Json;

namespace LayerStream.Storage.Sums;

/// <summary>Recorded checksums of a model as a JSON file.</summary>
/// <param name="Recorded">When they were taken.</param>
/// <param name="Sums">One for each part.</param>
public sealed record SumsFile(DateTimeOffset Recorded, IReadOnlyList<TensorSum> Sums)
{
    private const string Format = "layerstream-sums";
    private const int Version = 1;
    private const string Hash = "xxh128";

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is none of ours, or damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SumsFile Load(string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = json.RootElement;
            if (root.GetProperty("format").GetString() != Format || root.GetProperty("version").GetInt32() != Version
                || root.GetProperty("hash").GetString() != Hash)
            {
                throw new InvalidDataException($"{path} is no file of checksums that this version reads; record them anew with --record.");
            }

            return new SumsFile(root.GetProperty("recorded").GetDateTimeOffset(),
                [.. root.GetProperty("parts").EnumerateArray().Select(Read)]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path} is damaged ({e.Message}); record the checksums anew with --record.");
        }
    }

    /// <summary>Writes a file beside its final name and renames it, so that no reader ever sees half of it.</summary>
    /// <exception cref="IOException">As the file system says; nothing is left behind.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void Save(string path)
    {
        string temporary = string.Create(CultureInfo.InvariantCulture, $"{path}.{Environment.ProcessId}.tmp");
        try
        {
            using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true }))
                {
                    Write(json);
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Every part that is not as recorded, with what is wrong, in file order; parts that only one side has are last.</summary>
    public IReadOnlyList<(TensorSum Part, string Problem)> Compare(IReadOnlyList<TensorSum> found)
    {
        ArgumentNullException.ThrowIfNull(found);
        Dictionary<(string, int), TensorSum> open = [];
        foreach (TensorSum sum in Sums)
        {
            open[(KeyName(sum), KeyFile(sum))] = sum;
        }

        List<(TensorSum, string)> differences = [], unknown = [];
        foreach (TensorSum sum in found)
        {
            if (!open.Remove((KeyName(sum), KeyFile(sum)), out TensorSum? recorded))
            {
                unknown.Add((sum, "is not among the recorded parts"));
            }
            else if (sum.ReadError is { } error)
            {
                differences.Add((sum, $"cannot be read: {error}"));
            }
            else if (recorded.Length != sum.Length)
            {
                differences.Add((sum, $"had {recorded.Length} bytes when recorded"));
            }
            else if (!string.Equals(recorded.Hash, sum.Hash, StringComparison.OrdinalIgnoreCase))
            {
                differences.Add((sum, "differs from its recorded checksum"));
            }
        }

        return [.. differences, .. unknown, .. open.Values.Select(s => (s, "was recorded and is gone"))];
    }

    // A tensor may move to another file of a set; headers belong to their file.
    private static string KeyName(TensorSum sum) => sum.Name;

    private static int KeyFile(TensorSum sum) => sum.Name == TensorSum.HeaderName ? sum.File : 0;

    private static TensorSum Read(JsonElement part) => new(
        part.GetProperty("name").GetString() ?? "", part.GetProperty("file").GetInt32(), part.GetProperty("offset").GetInt64(),
            part.GetProperty("length").GetInt64(),
        part.GetProperty("sum").GetString() ?? "");

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("format", Format);
        json.WriteNumber("version", Version);
        json.WriteString("hash", Hash);
        json.WriteString("recorded", Recorded);
        json.WriteStartArray("parts");
        foreach (TensorSum sum in Sums)
        {
            json.WriteStartObject();
            json.WriteString("name", sum.Name);
            json.WriteNumber("file", sum.File);
            json.WriteNumber("offset", sum.Offset);
            json.WriteNumber("length", sum.Length);
            json.WriteString("sum", sum.Hash);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
