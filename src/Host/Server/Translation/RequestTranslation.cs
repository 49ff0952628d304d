using System.Buffers;
using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Translation;

/// <summary>Requests of another protocol as chat completion requests.</summary>
/// <param name="rows">Its members.</param>
/// <param name="writeRest">Writes what several members mean together; <c>messages</c> among it.</param>
internal sealed class RequestTranslation(IReadOnlyList<TranslatedMember> rows, Action<Utf8JsonWriter, JsonElement> writeRest)
{
    /// <summary>Memory of translating a byte of a body: its tree and the new body while it grows.</summary>
    public const int WorkBytesPerByte = 40;

    private readonly Dictionary<string, TranslatedMember> _byName = rows.ToDictionary(r => r.Name, StringComparer.Ordinal);

    /// <summary>The members, for the documentation.</summary>
    public IReadOnlyList<TranslatedMember> Rows => rows;

    /// <summary>Translates a body.</summary>
    /// <param name="body">The body; the caller has paid for the work.</param>
    /// <param name="see">Sees the body before, for members that only the protocol knows.</param>
    /// <exception cref="ApiException">400: not an object, a member unknown, refused or twice, or not what it must be.</exception>
    public ReadOnlyMemory<byte> Translate(ReadOnlyMemory<byte> body, Action<JsonElement>? see = null)
    {
        ArrayBufferWriter<byte> chat = new(body.Length + 256);
        try
        {
            ReadOnlyMemory<byte> text = body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = BodyMember.MostDepth });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw ApiException.Invalid(null, "the body must be a JSON object", "invalid_json");
            }

            see?.Invoke(document.RootElement);
            using Utf8JsonWriter json = new(chat);
            json.WriteStartObject();
            WriteMembers(json, document.RootElement);
            writeRest(json, document.RootElement);
            json.WriteEndObject();
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid(null, $"the body is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine})",
                "invalid_json");
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(null, "the body holds half of a surrogate pair, or a value of the wrong type", "invalid_string");
        }

        return chat.WrittenMemory;
    }

    private void WriteMembers(Utf8JsonWriter json, JsonElement root)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty member in root.EnumerateObject())
        {
            string name = ParameterValues.NameOf(member);
            if (!seen.Add(name))
            {
                throw ApiException.Invalid(name, $"'{name}' is given twice", "duplicate_parameter");
            }

            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            TranslatedMember? row = _byName.GetValueOrDefault(name);
            if (row is null or { Use: ParameterUse.Refused })
            {
                if (row is not null && NeutralValues.Usual.Have(member.Value))
                {
                    continue;
                }

                throw ApiException.Unsupported(name);
            }

            row.Write?.Invoke(json, member.Value);
        }
    }
}
