using System.Buffers;
using System.Text.Json;

namespace LayerStream.Host.Server.Http;

/// <summary>The frame of server-sent events.</summary>
internal static class ServerSentEvents
{
    /// <summary>Value of Content-Type.</summary>
    public const string ContentType = "text/event-stream; charset=utf-8";

    /// <summary>A comment, which clients skip.</summary>
    public static ReadOnlySpan<byte> Ping => ": ping\n\n"u8;

    /// <summary>Writes one event with a name and a JSON object.</summary>
    public static void Write(IBufferWriter<byte> buffer, string name, Action<Utf8JsonWriter> write)
    {
        buffer.Write("event: "u8);
        buffer.Write(System.Text.Encoding.UTF8.GetBytes(name));
        buffer.Write("\n"u8);
        Write(buffer, write);
    }

    /// <summary>Writes one event with a JSON object.</summary>
    public static void Write(IBufferWriter<byte> buffer, Action<Utf8JsonWriter> write)
    {
        buffer.Write("data: "u8);
        using (Utf8JsonWriter json = new(buffer, JsonReply.Options))
        {
            write(json);
        }

        buffer.Write("\n\n"u8);
    }
}
