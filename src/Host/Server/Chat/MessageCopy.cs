using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Chat;

/// <summary>Messages that are written anew; the copy is paid for before it is made.</summary>
internal static class MessageCopy
{
    private const int MessageBytes = 128; // what the form of a call adds to a message
    private const int MessageTokens = 12; // the same in values

    /// <summary>Bytes of a copy of a value, as text and as a tree, and of the text that it is parsed from.</summary>
    /// <param name="value">The value.</param>
    /// <param name="addedBytes">Text that comes to it.</param>
    /// <param name="addedTokens">Names, values and brackets that come to it.</param>
    public static long Bytes(JsonElement value, long addedBytes = 0, int addedTokens = 0)
    {
        ReadOnlySpan<byte> text = JsonMarshal.GetRawUtf8Value(value);
        Utf8JsonReader json = new(text, new JsonReaderOptions { MaxDepth = BodyMember.MostDepth });
        int tokens = addedTokens;
        while (json.Read())
        {
            tokens++;
        }

        return (2 * (text.Length + addedBytes)) + (BodyMember.BytesPerToken * tokens);
    }

    /// <summary>Makes a copy.</summary>
    /// <param name="messages">An array of messages.</param>
    /// <param name="memory">Pays.</param>
    /// <param name="addedBytes">Text of further messages.</param>
    /// <param name="write">Writes the messages, between the brackets.</param>
    /// <exception cref="ApiException">400: half of a surrogate pair; 413 or 429: there is no room.</exception>
    public static JsonElement Write(JsonElement messages, RequestMemory.Holding memory, long addedBytes, Action<Utf8JsonWriter> write)
    {
        int count = messages.GetArrayLength() + 1;
        long added = addedBytes + ((long)count * MessageBytes);
        memory.Grow(Bytes(messages, added, checked(count * MessageTokens)), "the messages");
        ArrayBufferWriter<byte> text = new(checked((int)(JsonMarshal.GetRawUtf8Value(messages).Length + added)));
        try
        {
            using Utf8JsonWriter json = new(text, JsonReply.Options);
            json.WriteStartArray();
            write(json);
            json.WriteEndArray();
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid("messages", "a text in 'messages' holds half of a surrogate pair", "invalid_string");
        }

        return JsonElement.Parse(text.WrittenSpan, new JsonDocumentOptions { MaxDepth = BodyMember.MostDepth });
    }
}
