using System.Globalization;
using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Files;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Batches.Running;

/// <summary>A request for a batch.</summary>
internal sealed class BatchRequest : ChatRequest
{
    private const string Anchor = "created_at";
    private const int MostMetadataBytes = 16 << 10;
    private const int SecondsPerHour = 3600;
    private const int MostHours = 30 * 24;

    private string? _inputFileId, _endpoint, _window;
    private int _seconds;
    private long? _outputSeconds;
    private JsonElement? _metadata;

    /// <summary>Its members.</summary>
    public static IReadOnlyList<Parameter> Rows { get; } =
    [
        Does("input_file_id", "a file of requests, sent with the purpose `batch`", (r, v, n) => r._inputFileId = JsonFields.Text(v, n)),
        Does("endpoint", "one of " + string.Join(", ", BatchLine.Endpoints.Select(e => $"`{e}`")), (r, v, n) =>
            r._endpoint = Endpoint(v, n)),
        Does("completion_window", "`24h`, or other whole hours or days (`72h`, `7d`) up to 30 days; what has no answer by then gets an "
            + "error",
            (r, v, n) => (r._window, r._seconds) = Window(v, n)),
        Does("metadata", "an object; comes back as it is", (r, v, n) => r._metadata = Metadata(v, n)),
        Does("output_expires_after", "`anchor` (`created_at`) and `seconds` of the files of results", (r, v, n) =>
            r._outputSeconds = Life(v, n)),
    ];

    private static readonly ParameterTable s_table = new(Rows);

    /// <summary>Reads a request.</summary>
    /// <exception cref="ApiException">400 for whatever is wrong with it.</exception>
    public static BatchRecord Read(ReadOnlyMemory<byte> body, string owner, string scope, long now, RequestMemory.Holding memory)
    {
        using BatchRequest request = new();
        s_table.Read(request, body, memory, _ => request.Check());
        return new BatchRecord
        {
            Id = "batch_" + TimedId.Next(),
            Owner = owner,
            Scope = scope,
            Endpoint = request._endpoint!,
            InputFileId = request._inputFileId!,
            CompletionWindow = request._window!,
            CreatedAt = now,
            ExpiresAt = now + request._seconds,
            Metadata = request._metadata?.Clone(),
            OutputSeconds = request._outputSeconds,
            OutputFileId = StoredFile.NewId(),
            ErrorFileId = StoredFile.NewId(),
        };
    }

    private void Check()
    {
        foreach ((string? value, string name) in (ReadOnlySpan<(string?, string)>)
            [(_inputFileId, "input_file_id"), (_endpoint, "endpoint"), (_window, "completion_window")])
        {
            _ = value ?? throw ApiException.Invalid(name, $"'{name}' is missing", "missing_parameter");
        }
    }

    private static string Endpoint(JsonElement value, string name) => JsonFields.Text(value, name) is var text
        && BatchLine.Endpoints.Contains(text) ? text
        : throw ApiException.Invalid(name, $"'{name}' must be one of {string.Join(", ", BatchLine.Endpoints)}", "invalid_value");

    private static (string Text, int Seconds) Window(JsonElement value, string name)
    {
        string text = JsonFields.Text(value, name);
        int unit = text.EndsWith('h') ? 1 : text.EndsWith('d') ? 24 : 0;
        return unit > 0 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count is >= 1 and <= MostHours && count * unit <= MostHours ? (text, count * unit * SecondsPerHour)
            : throw ApiException.Invalid(name, $"'{name}' must be 24h, or other whole hours or days up to 30d", "invalid_value");
    }

    private static JsonElement Metadata(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.GetRawText().Length <= MostMetadataBytes ? value
            : throw ApiException.Invalid(name, $"'{name}' must be an object of at most {MostMetadataBytes} characters", "invalid_type");

    private static long Life(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object || JsonParts.Find(value, "anchor") is not { } anchor
            || JsonFields.Text(anchor, name + ".anchor") != Anchor || JsonParts.Find(value, "seconds") is not { } seconds)
        {
            throw ApiException.Invalid(name, $"'{name}' must be an object with the anchor {Anchor}, and seconds", "invalid_value");
        }

        return FileLife.Check(JsonFields.Integer(seconds, name + ".seconds", 0, long.MaxValue), name + ".seconds");
    }

    private static Parameter Does(string name, string note, Action<BatchRequest, JsonElement, string> read) =>
        ChatParameters.Does(name, note, (r, v, n) => read((BatchRequest)r, v, n));
}
