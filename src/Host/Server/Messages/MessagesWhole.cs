using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Translation;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Messages;

/// <summary>A message in one piece.</summary>
internal sealed class MessagesWhole(TranslatedAnswer.Prepared prepared) : ParsedShape(prepared.Opening)
{
    private readonly GatheredAnswer _answer = new();

    public override string ContentType => "application/json; charset=utf-8";

    public override int GatheredBytes => 16 << 10;

    public override int HeldBytesPerToken => 16;

    public override ReadOnlySpan<byte> Sign => " "u8;

    protected override void Take(AnswerEvent item) => _answer.Take(item, IdOf);

    protected override void End(RunResult result, string reason)
    {
        using Utf8JsonWriter json = new(Buffer, JsonReply.Options);
        json.WriteStartObject();
        MessagesJson.Begin(json, prepared.Id, prepared.ModelId);
        json.WriteStartArray("content");
        if (_answer.Reasoning.Length > 0)
        {
            json.WriteStartObject();
            json.WriteString("type", "thinking");
            json.WriteString("thinking", _answer.Reasoning);
            json.WriteString("signature", "");
            json.WriteEndObject();
        }

        if (_answer.Text.Length > 0 || _answer.Calls.Count == 0)
        {
            json.WriteStartObject();
            json.WriteString("type", "text");
            json.WriteString("text", _answer.Text);
            json.WriteEndObject();
        }

        foreach ((string id, string name, string arguments) in _answer.Calls)
        {
            json.WriteStartObject();
            json.WriteString("type", "tool_use");
            json.WriteString("id", id);
            json.WriteString("name", name);
            json.WritePropertyName("input");
            json.WriteRawValue(arguments);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        MessagesJson.Reason(json, reason, result.StopText);
        MessagesJson.Usage(json, prepared.PromptTokens, result);
        json.WriteEndObject();
    }

    public override void Fail(ApiException error)
    {
        using Utf8JsonWriter json = new(Buffer, JsonReply.Options);
        MessagesJson.Error(json, error);
    }
}
