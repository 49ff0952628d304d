using LayerStream.Host.Server.Files;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Memory;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Files of clients: requests of batches, and their answers.</summary>
internal static class FilesEndpoint
{
    private const string Prefix = "/v1/files/";
    private const string Content = "/content";
    private const int WindowBytes = 64 << 10;

    /// <summary>Receives a file.</summary>
    /// <exception cref="ApiException">As <see cref="FileUpload.ReceiveAsync"/>.</exception>
    public static async Task UploadAsync(HttpContext http, ServerState state)
    {
        FileStore files = state.RequireFiles();
        state.RequireModel();
        using RequestMemory.Holding memory = state.RequireMemory().Open();
        StoredFile file = await new FileUpload(files, RequestGuard.OwnerOf(http)).ReceiveAsync(http, memory);
        await JsonReply.SendAsync(http, 200, json => FileJson.Write(json, file));
    }

    /// <summary>The files of whoever asks.</summary>
    /// <exception cref="ApiException">400 for a parameter that does not fit.</exception>
    public static Task ListAsync(HttpContext http, ServerState state)
    {
        string purpose = http.Request.Query["purpose"].ToString();
        StoredFile[] found = [.. state.RequireFiles().List(RequestGuard.OwnerOf(http)).Where(f => purpose is "" || f.Purpose == purpose)];
        return JsonReply.SendAsync(http, 200, json =>
            ListPage.Write(json, http.Request.Query, found, f => f.Id, FileJson.Write, FileStore.MostFiles, FileStore.MostFiles));
    }

    /// <summary>A file, or its bytes.</summary>
    /// <exception cref="ApiException">404.</exception>
    public static Task FindAsync(HttpContext http, ServerState state)
    {
        string id = http.Request.Path.Value![Prefix.Length..];
        bool asksContent = id.EndsWith(Content, StringComparison.Ordinal);
        FileStore files = state.RequireFiles();
        StoredFile file = files.Find(RequestGuard.OwnerOf(http), asksContent ? id[..^Content.Length] : id) ?? throw Unknown();
        return asksContent ? SendAsync(http, state, files.PathOf(file))
            : JsonReply.SendAsync(http, 200, json => FileJson.Write(json, file));
    }

    /// <summary>Forgets a file.</summary>
    /// <exception cref="ApiException">404; 409 while a batch reads it.</exception>
    public static Task DeleteAsync(HttpContext http, ServerState state)
    {
        string id = http.Request.Path.Value![Prefix.Length..], owner = RequestGuard.OwnerOf(http);
        if (state.Batches?.Reads(id) == true && state.RequireFiles().Find(owner, id) is not null)
        {
            throw new ApiException(409, "invalid_request_error", "a batch is reading this file: cancel it first", "file_in_use");
        }

        return !state.RequireFiles().Remove(owner, id) ? throw Unknown() : JsonReply.SendAsync(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("object", "file");
            json.WriteBoolean("deleted", true);
            json.WriteEndObject();
        });
    }

    private static async Task SendAsync(HttpContext http, ServerState state, string path)
    {
        using RequestMemory.Holding memory = state.RequireMemory().Open();
        memory.Grow(WindowBytes + TransientFile.SmallRoomBytes, "a file");
        using TransientFile file = TransientFile.OpenRead(path, isSmall: true);
        http.Response.ContentType = "application/octet-stream";
        http.Response.ContentLength = file.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await file.CopyToAsync(http.Response.Body, WindowBytes, http.RequestAborted);
        }
    }

    private static ApiException Unknown() => new(404, "invalid_request_error",
        "there is no such file here: it was deleted, has expired, or belongs to another key", "file_not_found");
}
