using System.Text.Json;
using System.Text.Json.Serialization;

namespace LayerStream.Session.Catalogue;

/// <summary>What is known of a download that has not ended: a small file beside the part that is there.</summary>
public sealed record DownloadJournal
{
    /// <summary>Ending of a file that is being downloaded.</summary>
    public const string PartEnding = ".part";

    private const string Ending = ".json";
    private const int MostBytes = 1 << 20;

    /// <summary>What <c>pull</c> was asked for.</summary>
    public required string Source { get; init; }

    /// <summary>Address of the file.</summary>
    public required string Url { get; init; }

    /// <summary>Bytes of the whole file.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>SHA-256 that it is to have, in lower-case hexadecimal digits; null when nobody says.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The server's mark of its contents; null when it gives none.</summary>
    public string? ETag { get; init; }

    /// <summary>Ranges that are written: begin and end, begin and end, in order, ends excluded.</summary>
    public IReadOnlyList<long> Done { get; init; } = [];

    /// <summary>Bytes that are written.</summary>
    [JsonIgnore]
    public long DoneBytes
    {
        get
        {
            long bytes = 0;
            for (int i = 0; i + 1 < Done.Count; i += 2)
            {
                bytes += Done[i + 1] - Done[i];
            }

            return bytes;
        }
    }

    /// <summary>Path of the journal of a part.</summary>
    public static string PathOf(string part) => part + Ending;

    /// <summary>The journal of a part; null when there is none or it is not as it was written.</summary>
    public static DownloadJournal? Read(string part)
    {
        string path = PathOf(part);
        try
        {
            if (!File.Exists(path) || new FileInfo(path).Length > MostBytes)
            {
                return null;
            }

            DownloadJournal? journal = JsonSerializer.Deserialize(File.ReadAllBytes(path), JournalJson.Default.DownloadJournal);
            return journal is { Source: not null, Url: not null, TotalBytes: > 0, Done: not null } && journal.IsInOrder ? journal : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Replaces the journal of a part as a whole.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string part)
    {
        string path = PathOf(part), fresh = path + ".new";
        try
        {
            File.WriteAllBytes(fresh, JsonSerializer.SerializeToUtf8Bytes(this, JournalJson.Default.DownloadJournal));
            File.Move(fresh, path, overwrite: true);
        }
        catch
        {
            File.Delete(fresh);
            throw;
        }
    }

    private bool IsInOrder
    {
        get
        {
            long at = 0;
            for (int i = 0; i < Done.Count; i++)
            {
                if (Done[i] < at || Done[i] > TotalBytes)
                {
                    return false;
                }

                at = Done[i];
            }

            return Done.Count % 2 == 0;
        }
    }
}

/// <summary>How journals are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(DownloadJournal))]
internal sealed partial class JournalJson : JsonSerializerContext;
