using System.Text.Json;

namespace LayerStream.Host.Server.Http;

/// <summary>A member of the body: where its value lies and how many JSON tokens it has. Nothing is parsed into a tree here.</summary>
/// <param name="Name">Its name, as sent.</param>
/// <param name="Value">Bytes of its value.</param>
/// <param name="Tokens">Names, values and brackets in it.</param>
/// <param name="IsNull">Whether it is null, which means absent.</param>
internal readonly record struct BodyMember(string Name, ReadOnlyMemory<byte> Value, int Tokens, bool IsNull)
{
    /// <summary>Deepest nesting of a body.</summary>
    public const int MostDepth = 64;

    /// <summary>Memory of a name, value or bracket in a tree: two rows while it grows.</summary>
    public const long BytesPerToken = 36;

    private const int LongestName = 256;

    /// <summary>Memory of a tree of this value.</summary>
    public long TreeBytes => BytesPerToken * Tokens;

    /// <summary>The value as a tree; the caller has paid for <see cref="TreeBytes"/>.</summary>
    public JsonDocument Parse() => JsonDocument.Parse(Value, new JsonDocumentOptions { MaxDepth = MostDepth });

    /// <summary>Goes over the members of an object once; every byte is checked.</summary>
    /// <param name="body">The whole body; a byte-order mark is skipped.</param>
    /// <param name="take">Sees each member as soon as it has been passed.</param>
    /// <exception cref="ApiException">400: not valid JSON, or no object.</exception>
    public static void ReadAll(ReadOnlyMemory<byte> body, Action<BodyMember> take)
    {
        ReadOnlyMemory<byte> text = body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;
        Utf8JsonReader json = new(text.Span, new JsonReaderOptions { MaxDepth = MostDepth });
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                throw ApiException.Invalid(null, "the body must be a JSON object", "invalid_json");
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                string name = NameOf(ref json);
                json.Read();
                int start = (int)json.TokenStartIndex, tokens = 1, depth = json.CurrentDepth;
                bool isNull = json.TokenType == JsonTokenType.Null;
                if (json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                {
                    do
                    {
                        json.Read();
                        tokens++;
                    }
                    while (json.CurrentDepth > depth);
                }

                take(new BodyMember(name, text[start..(int)json.BytesConsumed], tokens, isNull));
            }

            json.Read(); // nothing may follow
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid(null, $"the body is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine})",
                "invalid_json");
        }
    }

    private static string NameOf(ref Utf8JsonReader json)
    {
        if (json.ValueSpan.Length > LongestName)
        {
            throw ApiException.Invalid(null, $"a member name is longer than {LongestName} bytes", "unsupported_parameter");
        }

        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(null, "a member name holds half of a surrogate pair", "invalid_string");
        }
    }
}
