using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Server.Translation;

namespace LayerStream.Host.Server.Responses;

/// <summary>What a responses request says that is no matter of the model: which response it goes on from, whether it is kept, what is
/// repeated in it.</summary>
internal sealed class ResponsesContext(StoredResponses stored, string scope)
{
    private const int MostMetadataBytes = 16 << 10;
    private const int IdLength = 32;

    private byte[] _items = "[]"u8.ToArray();

    /// <summary>Whether the client wants the response kept.</summary>
    public bool Stores { get; private set; } = true;

    /// <summary>The response that this one goes on from, or null.</summary>
    public string? PreviousId { get; private set; }

    /// <summary>A text in front of the conversation, or null.</summary>
    public string? Instructions { get; private set; }

    /// <summary>The client's own remarks as JSON.</summary>
    public string Metadata { get; private set; } = "{}";

    /// <summary>The tools as the client gave them, a JSON array.</summary>
    public string Tools { get; private set; } = "[]";

    /// <summary>Items in front of the answer, as a JSON array.</summary>
    public ReadOnlyMemory<byte> Items => _items;

    /// <summary>Reads a request.</summary>
    /// <param name="root">The request.</param>
    /// <param name="memory">Pays for reading the items again.</param>
    /// <exception cref="ApiException">400: a member does not fit, or there is no such response (any more).</exception>
    public void Take(JsonElement root, RequestMemory.Holding memory)
    {
        Stores = JsonParts.Find(root, "store") is not { } store || JsonFields.Flag(store, "store");
        PreviousId = JsonParts.Find(root, "previous_response_id") is { } id ? JsonFields.Text(id, "previous_response_id") : null;
        Instructions = JsonParts.Find(root, "instructions") is { } told ? JsonParts.ContentText(told, "instructions") : null;
        Metadata = JsonParts.Find(root, "metadata") is { } metadata ? MetadataText(metadata) : "{}";
        Tools = JsonParts.Find(root, "tools") is { ValueKind: JsonValueKind.Array } tools ? JsonParts.InOneLine(tools.GetRawText()) : "[]";
        JsonElement input = JsonParts.Find(root, "input")
            ?? throw ApiException.Invalid("input", "'input' is missing", "missing_parameter");
        StoredResponses.Stored? previous = null;
        if (PreviousId is not null && !stored.TryFind(scope, PreviousId, out previous))
        {
            throw ApiException.Invalid("previous_response_id",
                $"there is no response '{(PreviousId.Length <= 64 ? PreviousId : "…")}' here: it was not stored, was forgotten, or belongs "
                + "to another key; send the whole conversation as 'input'", "previous_response_not_found");
        }

        memory.Grow((previous?.Items.Length + previous?.Response.Length ?? 0) * (long)RequestTranslation.WorkBytesPerByte,
            "the conversation");
        _items = Join(previous, input, memory);
    }

    /// <summary>Keeps a response.</summary>
    /// <returns>Whether it is kept.</returns>
    public bool Keep(string id, byte[] response) => Stores && stored.Keep(scope, new StoredResponses.Stored(id, response, _items));

    // Earlier items, the output of the response before, and the new ones, each with an id.
    private byte[] Join(StoredResponses.Stored? previous, JsonElement input, RequestMemory.Holding memory)
    {
        ArrayBufferWriter<byte> joined = new(256);
        using (Utf8JsonWriter json = new(joined, JsonReply.Options))
        {
            json.WriteStartArray();
            int count = 0;
            if (previous is not null)
            {
                using JsonDocument items = JsonDocument.Parse(previous.Items);
                using JsonDocument response = JsonDocument.Parse(previous.Response);
                foreach (JsonElement item in items.RootElement.EnumerateArray()
                    .Concat(response.RootElement.GetProperty("output").EnumerateArray()))
                {
                    WriteItem(json, item, count++);
                }
            }

            if (input.ValueKind == JsonValueKind.String)
            {
                WriteText(json, JsonFields.Text(input, "input"), count);
            }
            else
            {
                foreach ((JsonElement item, string place) in JsonParts.Items(input, "input"))
                {
                    Write(json, item, place, count++, memory);
                }
            }

            json.WriteEndArray();
        }

        return joined.WrittenSpan.ToArray();
    }

    // An item itself, or one of an earlier response that it names.
    private void Write(Utf8JsonWriter json, JsonElement item, string place, int number, RequestMemory.Holding memory)
    {
        if (JsonParts.Find(item, "type") is not { ValueKind: JsonValueKind.String } type || !type.ValueEquals("item_reference"u8))
        {
            WriteItem(json, item, number);
            return;
        }

        string id = JsonParts.RequireText(item, "id", place);
        if (!TryWriteReferred(json, id, memory))
        {
            throw ApiException.Invalid(place, $"'{place}' names an item that is not here: its response was not stored, was forgotten, or "
                + "belongs to another key; send the item itself", "item_not_found");
        }
    }

    // Ids of items have that of their response in them. Once it is read, the item alone is paid for, as if the request had it.
    private bool TryWriteReferred(Utf8JsonWriter json, string id, RequestMemory.Holding memory)
    {
        int start = id.IndexOf('_', StringComparison.Ordinal) + 1;
        if (id.Length <= start + IdLength
            || !stored.TryFind(scope, "resp_" + id.Substring(start, IdLength), out StoredResponses.Stored? found))
        {
            return false;
        }

        long before = memory.Bytes;
        memory.Grow(found.Response.Length * (long)RequestTranslation.WorkBytesPerByte, "an item");
        using JsonDocument response = JsonDocument.Parse(found.Response);
        JsonElement item = response.RootElement.GetProperty("output").EnumerateArray()
            .FirstOrDefault(i => JsonParts.Text(i, "id", "output") == id);
        if (item.ValueKind == JsonValueKind.Undefined)
        {
            return false;
        }

        item.WriteTo(json);
        memory.ShrinkTo(before + (JsonMarshal.GetRawUtf8Value(item).Length * (long)RequestTranslation.WorkBytesPerByte));
        return true;
    }

    private static void WriteItem(Utf8JsonWriter json, JsonElement item, int number)
    {
        if (item.ValueKind != JsonValueKind.Object || JsonParts.Find(item, "id") is not null)
        {
            item.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        json.WriteString("id", IdOf(number));
        foreach (JsonProperty member in item.EnumerateObject().Where(m => m.Name != "id"))
        {
            member.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string text, int number)
    {
        json.WriteStartObject();
        json.WriteString("id", IdOf(number));
        json.WriteString("type", "message");
        json.WriteString("role", "user");
        json.WriteStartArray("content");
        json.WriteStartObject();
        json.WriteString("type", "input_text");
        json.WriteString("text", text);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string IdOf(int number) => string.Create(CultureInfo.InvariantCulture, $"item_{number}");

    private static string MetadataText(JsonElement metadata)
    {
        string text = metadata.ValueKind == JsonValueKind.Object ? metadata.GetRawText()
            : throw ApiException.Invalid("metadata", "'metadata' must be an object", "invalid_type");
        return text.Length <= MostMetadataBytes ? JsonParts.InOneLine(text)
            : throw ApiException.Invalid("metadata", $"'metadata' may have {MostMetadataBytes} characters at most", "out_of_range");
    }
}
