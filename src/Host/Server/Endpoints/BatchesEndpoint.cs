using System.Text.Json;
using LayerStream.Host.Server.Batches;
using LayerStream.Host.Server.Batches.Running;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Files of requests that are answered when nobody else wants the model.</summary>
internal static class BatchesEndpoint
{
    private const string Prefix = "/v1/batches/";
    private const string Cancel = "/cancel";
    private const int UsualBatches = 20;
    private const int MostBatches = 100;

    /// <summary>Begins a batch.</summary>
    /// <exception cref="ApiException">400 for whatever is wrong with the request, 404: no such file, 429: too many batches.</exception>
    public static async Task CreateAsync(HttpContext http, ServerState state)
    {
        BatchStore batches = Require(state);
        RequestGuard.RequireJson(http.Request);
        state.RequireModel();
        using RequestMemory.Holding memory = state.RequireMemory().Open();
        ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(http, memory, RequestBody.MostBytes);
        string owner = RequestGuard.OwnerOf(http);
        BatchRecord record = BatchRequest.Read(body, owner, RequestGuard.ScopeOf(http.Request), batches.Files.Now, memory);
        if (batches.Files.Find(owner, record.InputFileId) is null)
        {
            throw new ApiException(404, "invalid_request_error", "there is no such file here: send it to /v1/files first", "file_not_found",
                "input_file_id");
        }

        await SendAsync(http, state, batches.Add(record));
    }

    /// <summary>The batches of whoever asks.</summary>
    /// <exception cref="ApiException">400 for a parameter that does not fit.</exception>
    public static Task ListAsync(HttpContext http, ServerState state) => JsonReply.SendAsync(http, 200, json => ListPage.Write(json,
        http.Request.Query, Require(state).List(RequestGuard.OwnerOf(http)), b => b.Record.Id, (page, b) => Write(page, state, b),
        UsualBatches, MostBatches));

    /// <summary>One batch.</summary>
    /// <exception cref="ApiException">404.</exception>
    public static Task FindAsync(HttpContext http, ServerState state) =>
        SendAsync(http, state, Find(http, state, http.Request.Path.Value![Prefix.Length..]));

    /// <summary>Asks a batch to end.</summary>
    /// <exception cref="ApiException">404; 409: it has ended.</exception>
    public static Task CancelAsync(HttpContext http, ServerState state)
    {
        string path = http.Request.Path.Value![Prefix.Length..];
        Batch batch = Find(http, state, path.EndsWith(Cancel, StringComparison.Ordinal) ? path[..^Cancel.Length] : "");
        batch.Cancel(state.RequireFiles().Now);
        return batch.Record.Status is BatchStatus.Cancelling or BatchStatus.Cancelled ? SendAsync(http, state, batch)
            : throw new ApiException(409, "invalid_request_error", $"this batch is {BatchRecord.NameOf(batch.Record.Status)} already",
                "batch_has_ended");
    }

    private static BatchStore Require(ServerState state)
    {
        state.RequireFiles();
        return state.Batches!;
    }

    private static Batch Find(HttpContext http, ServerState state, string id) =>
        Require(state).Find(RequestGuard.OwnerOf(http), id) ?? throw new ApiException(404, "invalid_request_error",
            "there is no such batch here, or it belongs to another key", "batch_not_found");

    private static Task SendAsync(HttpContext http, ServerState state, Batch batch) =>
        JsonReply.SendAsync(http, 200, json => Write(json, state, batch));

    private static void Write(Utf8JsonWriter json, ServerState state, Batch batch)
    {
        BatchRecord record = batch.Record;
        BatchJson.Write(json, record, batch.Counts, state.ModelId, id => state.RequireFiles().Find(record.Owner, id) is not null);
    }
}
