using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LayerStream.Actors.Run;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Session;
using LayerStream.Storage;
using LayerStream.Templates.Runtime;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Http;

/// <summary>Writes JSON bodies and error bodies.</summary>
internal static class JsonReply
{
    /// <summary>Text is escaped only where JSON asks for it.</summary>
    public static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Sends what <paramref name="write"/> writes.</summary>
    public static async Task SendAsync(HttpContext http, int status, Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new(512);
        using (Utf8JsonWriter json = new(buffer, Options))
        {
            write(json);
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = buffer.WrittenCount;
        await http.Response.Body.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
    }

    /// <summary>Sends a report.</summary>
    public static Task SendAsync<T>(HttpContext http, int status, T report, JsonTypeInfo<T> type) =>
        SendAsync(http, status, json => JsonSerializer.Serialize(json, report, type));

    /// <summary>Sends an error with its headers; null = in the form of the OpenAI API.</summary>
    public static Task SendErrorAsync(HttpContext http, ApiException error, Action<Utf8JsonWriter, ApiException>? form = null)
    {
        if (error.RetryAfterSeconds > 0)
        {
            http.Response.Headers.RetryAfter = error.RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (error.Allow is not null)
        {
            http.Response.Headers.Allow = error.Allow;
        }

        if (error.Status == 401)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return SendAsync(http, error.Status, json => (form ?? WriteError)(json, error));
    }

    /// <summary>Writes a line of a stream of JSON.</summary>
    public static void WriteLine(IBufferWriter<byte> buffer, Action<Utf8JsonWriter> write)
    {
        using (Utf8JsonWriter json = new(buffer, Options))
        {
            write(json);
        }

        buffer.Write("\n"u8);
    }

    /// <summary>Writes <c>{"error":{…}}</c>.</summary>
    public static void WriteError(Utf8JsonWriter json, ApiException error)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", error.Message);
        json.WriteString("type", error.Type);
        json.WriteString("code", error.Code);
        json.WriteString("param", error.Param);
        if (error.Offset >= 0)
        {
            json.WriteString("tensor", error.Tensor);
            json.WriteNumber("offset", error.Offset);
            json.WriteNumber("errno", error.Errno);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Any failure as an error that may leave the machine: no paths, no prompt text.</summary>
    public static ApiException Describe(Exception error) => error switch
    {
        ApiException api => api,
        ContextExceededException e => ApiException.Invalid("messages", e.Message, "context_length_exceeded"),
        KeyValueRangeException e => new ApiException(500, "server_error", e.Message, "key_value_range"),
        TemplateSyntaxException e => new ApiException(
            501, "server_error", $"the model's chat template cannot be read ({e.Message}), so it does not chat. {TemplateSource.WayOut}",
            "template_unreadable"),
        TokenWithoutRowException e => ApiException.Invalid("messages", e.Message, "token_without_row"),
        FlashReadException e => new ApiException(
            500, "flash_read_error",
                $"tensor {e.Tensor ?? "(unknown)"} could not be read at offset {e.Offset}: {e.Reason} (errno {e.Errno})",
                "flash_read_error")
        {
            Tensor = e.Tensor,
            Offset = e.Offset,
            Errno = e.Errno,
        },
        ModelChangedException e => new ApiException(503, "unavailable_error",
            $"{Path.GetFileName(e.File)} {e.Change}; the server must be started again", "model_changed"),
        BadHttpRequestException { StatusCode: 413 } =>
            new ApiException(413, "invalid_request_error", "the body is larger than 32 MB, or than any prompt that fits into the context",
            "body_too_large"),
        BadHttpRequestException e => new ApiException(e.StatusCode, "invalid_request_error", "the request is malformed", "bad_request"),
        UnusableOutputException e => new ApiException(503, "unavailable_error", e.Message, "unusable_output"),
        OutOfMemoryException => new ApiException(503, "unavailable_error", "the request does not fit into the memory budget",
            "out_of_memory"),
        EngineStalledException e => new ApiException(500, "server_error", e.Message, "engine_stalled"),
        EngineFaultException e => new ApiException(500, "server_error", $"the {e.Stage} stage failed", "engine_fault"),
        _ => new ApiException(500, "server_error", "the server failed; its log has the cause", "internal_error"),
    };
}
