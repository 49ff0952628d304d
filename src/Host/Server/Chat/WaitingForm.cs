using System.Buffers;
using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Chat;

/// <summary>How a protocol keeps a client that waits for its model, before anything is known of the answer's own form.</summary>
/// <param name="ContentType">Value of Content-Type.</param>
/// <param name="Sign">A sign of life that means nothing.</param>
/// <param name="Fail">Writes an error behind such signs.</param>
internal sealed record WaitingForm(string ContentType, byte[] Sign, Action<IBufferWriter<byte>, ApiException> Fail)
{
    private const string JsonType = "application/json; charset=utf-8";

    /// <summary>Whole answers: blanks.</summary>
    /// <param name="error">How the protocol writes an error.</param>
    public static WaitingForm Whole(Action<Utf8JsonWriter, ApiException> error) => new(JsonType, " "u8.ToArray(), (buffer, e) =>
    {
        using Utf8JsonWriter json = new(buffer, JsonReply.Options);
        error(json, e);
    });

    /// <summary>Server-sent events: comments.</summary>
    /// <param name="name">Name of the event of an error; null = without.</param>
    /// <param name="error">How the protocol writes an error.</param>
    public static WaitingForm Events(string? name, Action<Utf8JsonWriter, ApiException> error) =>
        new(ServerSentEvents.ContentType, ServerSentEvents.Ping.ToArray(), (buffer, e) =>
        {
            if (name is null)
            {
                ServerSentEvents.Write(buffer, json => error(json, e));
            }
            else
            {
                ServerSentEvents.Write(buffer, name, json => error(json, e));
            }
        });

    /// <summary>Lines of JSON: a line without content.</summary>
    /// <param name="empty">Writes one without content.</param>
    /// <param name="error">How the protocol writes an error.</param>
    public static WaitingForm Lines(Action<Utf8JsonWriter> empty, Action<Utf8JsonWriter, ApiException> error)
    {
        ArrayBufferWriter<byte> sign = new(256);
        JsonReply.WriteLine(sign, empty);
        return new("application/x-ndjson", sign.WrittenSpan.ToArray(), (buffer, e) => JsonReply.WriteLine(buffer, json => error(json, e)));
    }

    /// <summary>Of the OpenAI API.</summary>
    public static WaitingForm OpenAi(RequestHead head) =>
        head.Streams == true ? Events(null, JsonReply.WriteError) : Whole(JsonReply.WriteError);
}
