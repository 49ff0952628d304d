using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Translation;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Messages;

/// <summary>A message as server-sent events with names: blocks that open, grow and close one after the other.</summary>
internal sealed class MessagesStream(TranslatedAnswer.Prepared prepared) : ParsedShape(prepared.Opening)
{
    private int _block = -1;
    private string? _openType;
    private bool _hasBegun;

    public override string ContentType => ServerSentEvents.ContentType;

    public override int GatheredBytes => 0;

    public override int HeldBytesPerToken => 0;

    public override ReadOnlySpan<byte> Sign => ServerSentEvents.Ping;

    protected override void Begin()
    {
        if (_hasBegun)
        {
            return;
        }

        _hasBegun = true;
        Event("message_start", json =>
        {
            json.WriteStartObject("message");
            MessagesJson.Begin(json, prepared.Id, prepared.ModelId);
            json.WriteStartArray("content");
            json.WriteEndArray();
            MessagesJson.Reason(json, null, null);
            MessagesJson.Usage(json, prepared.PromptTokens, null);
            json.WriteEndObject();
        });
        Event("ping", _ => { });
    }

    protected override void Take(AnswerEvent item)
    {
        switch (item.Part)
        {
            case AnswerPart.Text:
                Open("text", json => json.WriteString("text", ""));
                Delta("text_delta", "text", item.Text);
                break;
            case AnswerPart.Reasoning:
                Open("thinking", json =>
                {
                    json.WriteString("thinking", "");
                    json.WriteString("signature", "");
                });
                Delta("thinking_delta", "thinking", item.Text);
                break;
            case AnswerPart.CallStart:
                Close();
                string id = IdOf(item);
                Open("tool_use", json =>
                {
                    json.WriteString("id", id);
                    json.WriteString("name", item.Text);
                    json.WriteStartObject("input");
                    json.WriteEndObject();
                });
                break;
            case AnswerPart.CallArguments:
                Delta("input_json_delta", "partial_json", item.Text);
                break;
            default:
                Close();
                break;
        }
    }

    protected override void End(RunResult result, string reason)
    {
        if (_block < 0)
        {
            Open("text", json => json.WriteString("text", ""));
        }

        Close();
        Event("message_delta", json =>
        {
            json.WriteStartObject("delta");
            MessagesJson.Reason(json, reason, result.StopText);
            json.WriteEndObject();
            MessagesJson.Usage(json, prepared.PromptTokens, result);
        });
        Event("message_stop", _ => { });
    }

    public override void Fail(ApiException error) => ServerSentEvents.Write(Buffer, "error", json => MessagesJson.Error(json, error));

    private void Open(string type, Action<Utf8JsonWriter> write)
    {
        if (_openType == type)
        {
            return;
        }

        Close();
        _openType = type;
        _block++;
        Event("content_block_start", json =>
        {
            json.WriteNumber("index", _block);
            json.WriteStartObject("content_block");
            json.WriteString("type", type);
            write(json);
            json.WriteEndObject();
        });
    }

    private void Delta(string type, string member, string text) => Event("content_block_delta", json =>
    {
        json.WriteNumber("index", _block);
        json.WriteStartObject("delta");
        json.WriteString("type", type);
        json.WriteString(member, text);
        json.WriteEndObject();
    });

    private void Close()
    {
        if (_openType == "thinking")
        {
            Delta("signature_delta", "signature", ""); // some clients keep no thought without one
        }

        if (_openType is not null)
        {
            _openType = null;
            Event("content_block_stop", json => json.WriteNumber("index", _block));
        }
    }

    private void Event(string name, Action<Utf8JsonWriter> write) => ServerSentEvents.Write(Buffer, name, json =>
    {
        json.WriteStartObject();
        json.WriteString("type", name);
        write(json);
        json.WriteEndObject();
    });
}
