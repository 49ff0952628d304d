using System.Text.Json;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Tokenization;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Text to tokens and back, with the model's own tokenizer.</summary>
internal static class TokenizeEndpoint
{
    private const int WorkBytesPerByte = 48;

    /// <summary>Ids of <c>content</c>.</summary>
    public static async Task EncodeAsync(HttpContext http, ServerState state)
    {
        using ModelRequest asked = await ModelRequest.ReadAsync(http, state, ChatPreparation.LimitBytes, null);
        (string content, bool addSpecial, bool parseSpecial, bool withPieces) = ("", false, true, false);
        Read(asked, (name, value) =>
        {
            switch (name)
            {
                case "content" or "prompt" or "text":
                    content = JsonFields.Text(value, name);
                    break;
                case "add_special" or "add_special_tokens":
                    addSpecial = JsonFields.Flag(value, name);
                    break;
                case "parse_special":
                    parseSpecial = JsonFields.Flag(value, name);
                    break;
                case "with_pieces":
                    withPieces = JsonFields.Flag(value, name);
                    break;
                default:
                    throw ApiException.Unsupported(name);
            }
        });
        Tokenizer tokenizer = asked.Model.RequireTokenizer();
        int[] ids = tokenizer.Encode(content, addSpecial, parseSpecial);
        await JsonReply.SendAsync(http, 200, json => WriteTokens(json, tokenizer, ids, withPieces));
    }

    /// <summary>The text of <c>tokens</c>.</summary>
    public static async Task DecodeAsync(HttpContext http, ServerState state)
    {
        using ModelRequest asked = await ModelRequest.ReadAsync(http, state, ChatPreparation.LimitBytes, null);
        int[] ids = [];
        Read(asked, (name, value) =>
        {
            if (name != "tokens")
            {
                throw ApiException.Unsupported(name);
            }

            if (value.ValueKind != JsonValueKind.Array)
            {
                throw ApiException.Invalid(name, $"'{name}' must be an array", "invalid_type");
            }

            int most = asked.Model.Engine.Spec.Vocabulary - 1;
            ids = [.. value.EnumerateArray().Select(id => (int)JsonFields.Integer(id, name, 0, most))];
        });
        string text = asked.Model.RequireTokenizer().Decode(ids, special: true);
        await JsonReply.SendAsync(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("content", text);
            json.WriteEndObject();
        });
    }

    private static void WriteTokens(Utf8JsonWriter json, Tokenizer tokenizer, int[] ids, bool withPieces)
    {
        json.WriteStartObject();
        json.WriteStartArray("tokens");
        foreach (int id in ids)
        {
            if (!withPieces)
            {
                json.WriteNumberValue(id);
                continue;
            }

            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("piece", System.Text.Encoding.UTF8.GetString(tokenizer.PieceBytes(id, special: true)));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Read(ModelRequest asked, Action<string, JsonElement> take)
    {
        ReadOnlyMemory<byte> body = asked.TakeBody();
        asked.Memory.Grow((long)body.Length * WorkBytesPerByte, "the text");
        BodyMember.ReadAll(body, member =>
        {
            if (!member.IsNull && member.Name != "model")
            {
                using JsonDocument value = member.Parse();
                take(member.Name, value.RootElement);
            }
        });
    }
}
