using System.Text.Json.Serialization;

namespace LayerStream.Host.Server.Files;

/// <summary>A file that a client has sent, or that a batch has made.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Owner">Whose it is; the empty text where no keys are asked for.</param>
/// <param name="Purpose">What it is for.</param>
/// <param name="Name">Its name at the client's.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="CreatedAt">When it came, in seconds since 1970.</param>
/// <param name="ExpiresAt">When it goes by itself; null = never.</param>
internal sealed record StoredFile(string Id, string Owner, string Purpose, string Name, long Bytes, long CreatedAt, long? ExpiresAt = null)
{
    /// <summary>Requests of a batch.</summary>
    public const string BatchPurpose = "batch";

    /// <summary>What a batch has made.</summary>
    public const string OutputPurpose = "batch_output";

    /// <summary>Purposes of what clients may send.</summary>
    public static IReadOnlyList<string> Purposes { get; } = [BatchPurpose, "user_data"];

    /// <summary>A new id.</summary>
    public static string NewId() => "file-" + TimedId.Next();
}

/// <summary>What stands beside a file's bytes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoredFile))]
internal sealed partial class StoredFileJson : JsonSerializerContext;
