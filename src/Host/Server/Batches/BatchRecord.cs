using System.Text.Json;
using System.Text.Json.Serialization;

namespace LayerStream.Host.Server.Batches;

/// <summary>What is known of a batch; kept on disk, but for the counts, which its results tell.</summary>
internal sealed record BatchRecord
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Whose it is; the empty text where no keys are asked for.</summary>
    public required string Owner { get; init; }

    /// <summary>For whom its requests are made: what they leave in memory serves others of the same.</summary>
    public required string Scope { get; init; }

    /// <summary>Path of its requests.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The file of its requests.</summary>
    public required string InputFileId { get; init; }

    /// <summary>How long it may take, as the client said it.</summary>
    public required string CompletionWindow { get; init; }

    /// <summary>When it came, in seconds since 1970, as all times here.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>When its time is over.</summary>
    public required long ExpiresAt { get; init; }

    /// <summary>The client's own remarks.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>How long its results are kept; null = until they are deleted.</summary>
    public long? OutputSeconds { get; init; }

    /// <summary>Where it stands.</summary>
    public BatchStatus Status { get; init; }

    /// <summary>What was wrong with it.</summary>
    public IReadOnlyList<BatchFault> Errors { get; init; } = [];

    /// <summary>Requests in it; 0 until they have been checked.</summary>
    public int Total { get; init; }

    /// <summary>Requests with an answer, when it has ended.</summary>
    public int Completed { get; init; }

    /// <summary>Requests with an error, when it has ended.</summary>
    public int Failed { get; init; }

    /// <summary>The file of answers; until it has ended the id that it will have.</summary>
    public required string OutputFileId { get; init; }

    /// <summary>The file of errors; as <see cref="OutputFileId"/>.</summary>
    public required string ErrorFileId { get; init; }

    /// <summary>When it came to each of its states, by the member that says so.</summary>
    public IReadOnlyDictionary<string, long> Since { get; init; } = new Dictionary<string, long>();

    /// <summary>How it is to end once its results are files; kept so that an end that is interrupted comes to the same.</summary>
    public BatchStatus? Ending { get; init; }

    /// <summary>Whether nothing will change any more.</summary>
    [JsonIgnore]
    public bool HasEnded => Status is BatchStatus.Failed or BatchStatus.Completed or BatchStatus.Expired or BatchStatus.Cancelled;

    /// <summary>The same in another state.</summary>
    public BatchRecord In(BatchStatus status, long now) => this with
    {
        Status = status,
        Since = new Dictionary<string, long>(Since) { [MemberOf(status)] = now },
    };

    /// <summary>Name of a state in the API.</summary>
    public static string NameOf(BatchStatus status) => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());

    /// <summary>The member that says since when a batch is in a state.</summary>
    public static string MemberOf(BatchStatus status) => NameOf(status) + "_at";
}

/// <summary>Something wrong with a batch.</summary>
/// <param name="Code">What kind of fault.</param>
/// <param name="Message">What it is.</param>
/// <param name="Line">Number of the line, from 1; null = it is no line's.</param>
/// <param name="Param">The member at fault, or null.</param>
internal sealed record BatchFault(string Code, string Message, int? Line = null, string? Param = null);

/// <summary>Batches as they stand on disk.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BatchRecord))]
internal sealed partial class BatchRecordJson : JsonSerializerContext;
