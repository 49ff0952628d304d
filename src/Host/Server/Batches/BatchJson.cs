using System.Text.Json;

namespace LayerStream.Host.Server.Batches;

/// <summary>Batches as the API shows them.</summary>
internal static class BatchJson
{
    private static readonly BatchStatus[] s_timed =
    [
        BatchStatus.InProgress, BatchStatus.Finalizing, BatchStatus.Completed, BatchStatus.Failed, BatchStatus.Expired,
        BatchStatus.Cancelling, BatchStatus.Cancelled,
    ];

    /// <summary>Writes a batch.</summary>
    /// <param name="json">Receives it.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="counts">How far it has come.</param>
    /// <param name="model">The model that answers it.</param>
    /// <param name="isThere">Whether a file of results is there.</param>
    public static void Write(Utf8JsonWriter json, BatchRecord batch, BatchCounts counts, string model, Func<string, bool> isThere)
    {
        json.WriteStartObject();
        json.WriteString("id", batch.Id);
        json.WriteString("object", "batch");
        json.WriteString("endpoint", batch.Endpoint);
        json.WriteString("model", model);
        WriteErrors(json, batch.Errors);
        json.WriteString("input_file_id", batch.InputFileId);
        json.WriteString("completion_window", batch.CompletionWindow);
        json.WriteString("status", BatchRecord.NameOf(batch.Status));
        json.WriteString("output_file_id", isThere(batch.OutputFileId) ? batch.OutputFileId : null);
        json.WriteString("error_file_id", isThere(batch.ErrorFileId) ? batch.ErrorFileId : null);
        json.WriteNumber("created_at", batch.CreatedAt);
        json.WriteNumber("expires_at", batch.ExpiresAt);
        foreach (string member in s_timed.Select(BatchRecord.MemberOf))
        {
            WriteNumber(json, member, batch.Since.TryGetValue(member, out long time) ? time : null);
        }

        json.WriteStartObject("request_counts");
        json.WriteNumber("total", counts.Total);
        json.WriteNumber("completed", counts.Completed);
        json.WriteNumber("failed", counts.Failed);
        json.WriteEndObject();
        json.WritePropertyName("metadata");
        if (batch.Metadata is { } metadata)
        {
            metadata.WriteTo(json);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string member, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(member, number);
        }
        else
        {
            json.WriteNull(member);
        }
    }

    private static void WriteErrors(Utf8JsonWriter json, IReadOnlyList<BatchFault> errors)
    {
        if (errors.Count == 0)
        {
            json.WriteNull("errors");
            return;
        }

        json.WriteStartObject("errors");
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (BatchFault fault in errors)
        {
            json.WriteStartObject();
            json.WriteString("code", fault.Code);
            json.WriteString("message", fault.Message);
            json.WriteString("param", fault.Param);
            WriteNumber(json, "line", fault.Line);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
