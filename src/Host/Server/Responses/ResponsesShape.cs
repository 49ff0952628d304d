using System.Buffers;
using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Translation;
using LayerStream.Sampling;
using LayerStream.Session;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Responses;

/// <summary>A response of items, in one piece or as events that open, fill and close them.</summary>
internal sealed class ResponsesShape(TranslatedAnswer.Prepared prepared, ResponsesContext? context = null)
    : ParsedShape(prepared.Opening)
{
    private readonly bool _isStream = prepared.Request.Stream;
    private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private readonly List<ResponsesItem> _items = [];
    private ResponsesItem? _open;
    private int _sequence;
    private bool _isStored = context?.Stores ?? false;
    private bool _hasBegun;

    public override string ContentType => _isStream ? ServerSentEvents.ContentType : "application/json; charset=utf-8";

    public override int GatheredBytes => _isStream ? 0 : 16 << 10;

    public override long HeldBytes => context is null ? 0 : context.Items.Length + ((long)context.Tools.Length * sizeof(char));

    public override int HeldBytesPerToken => 16 + (prepared.Request.LogProbs ? BytesPerProbabilities : 0);

    public override ReadOnlySpan<byte> Sign => _isStream ? ServerSentEvents.Ping : " "u8;

    protected override void Begin()
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            Response("response.created", "in_progress", null, null);
            Response("response.in_progress", "in_progress", null, null);
        }
    }

    protected override void Take(AnswerEvent item)
    {
        switch (item.Part)
        {
            case AnswerPart.Text:
                Grow("message", "msg_", item.Text, "response.output_text.delta");
                break;
            case AnswerPart.Reasoning:
                Grow("reasoning", "rs_", item.Text, "response.reasoning_text.delta");
                break;
            case AnswerPart.CallStart:
                Close();
                Open(new ResponsesItem("function_call", "fc_" + prepared.Id + _items.Count) { Name = item.Text, CallId = IdOf(item) });
                break;
            case AnswerPart.CallArguments:
                Grow("function_call", "", item.Text, "response.function_call_arguments.delta");
                break;
            case AnswerPart.CallEnd:
                Close();
                break;
            default:
                Drop(item.Text);
                break;
        }
    }

    // What no event has said and nothing holds back was a mark: its tokens belong to no text.
    protected override void EndPiece()
    {
        if (!IsHolding)
        {
            TakeProbabilities();
        }
    }

    protected override void End(RunResult result, string reason)
    {
        if (_items.Count == 0)
        {
            Open(NewItem("message", "msg_" + prepared.Id + "0"));
        }

        Close(isCut: reason == "length");
        string status = reason == "length" ? "incomplete" : "completed";
        byte[] whole = Whole(status, result);
        _isStored = context?.Keep("resp_" + prepared.Id, whole) ?? false;
        if (_isStream)
        {
            Response("response." + status, status, result, null);
        }
        else
        {
            Buffer.Write(_isStored ? whole : Whole(status, result));
        }
    }

    public override void Fail(ApiException error)
    {
        if (_isStream)
        {
            Begin(); // clients know no response that was not created
            Response("response.failed", "failed", null, error);
            return;
        }

        using Utf8JsonWriter json = new(Buffer, JsonReply.Options);
        JsonReply.WriteError(json, error);
    }

    // A call that will never be whole: in one piece it is text; in a stream its item stays open, as it is.
    private void Drop(string raw)
    {
        ResponsesItem? broken = _open;
        _open = null;
        if (!_isStream && broken is not null)
        {
            _items.Remove(broken);
            Grow("message", "msg_", raw, "response.output_text.delta");
        }
    }

    private void Grow(string type, string prefix, string text, string delta)
    {
        if (_open?.Type != type)
        {
            Close();
            Open(NewItem(type, prefix + prepared.Id + _items.Count));
        }

        IReadOnlyList<TokenLogProbabilities> probabilities = prepared.Request.LogProbs && TakeProbabilities() is { } found ? found : [];
        _open!.Text.Append(text);
        _open.Probabilities.AddRange(type == "message" ? probabilities : []);
        Event(delta, json =>
        {
            Place(json, hasPart: type != "function_call");
            json.WriteString("delta", text);
            if (type == "message")
            {
                LogProbabilityJson.Write(json, "logprobs", prepared.Tokenizer, probabilities);
            }
        });
    }

    private ResponsesItem NewItem(string type, string id) => new(type, id) { Tokenizer = prepared.Tokenizer };

    private void Open(ResponsesItem item)
    {
        _items.Add(item);
        _open = item;
        ItemEvent("response.output_item.added");
        if (item.Type == "message")
        {
            PartEvent("response.content_part.added");
        }
    }

    private void Close(bool isCut = false)
    {
        if (_open is not { } item)
        {
            return;
        }

        (item.IsWhole, item.IsCut) = (true, isCut);
        (string name, string member) = item.Type switch
        {
            "message" => ("response.output_text.done", "text"),
            "reasoning" => ("response.reasoning_text.done", "text"),
            _ => ("response.function_call_arguments.done", "arguments"),
        };
        Event(name, json =>
        {
            Place(json, hasPart: item.Type != "function_call");
            json.WriteString(member, item.Text.ToString());
            if (item.Type == "message")
            {
                LogProbabilityJson.Write(json, "logprobs", item.Tokenizer, item.Probabilities);
            }
        });
        if (item.Type == "message")
        {
            PartEvent("response.content_part.done");
        }

        ItemEvent("response.output_item.done");
        _open = null;
    }

    private void ItemEvent(string name) => Event(name, json =>
    {
        json.WriteNumber("output_index", _items.Count - 1);
        json.WritePropertyName("item");
        _open!.Write(json);
    });

    private void PartEvent(string name) => Event(name, json =>
    {
        Place(json, hasPart: true);
        json.WritePropertyName("part");
        _open!.WritePart(json);
    });

    private void Place(Utf8JsonWriter json, bool hasPart)
    {
        json.WriteString("item_id", _open!.Id);
        json.WriteNumber("output_index", _items.Count - 1);
        if (hasPart)
        {
            json.WriteNumber("content_index", 0);
        }
    }

    private byte[] Whole(string status, RunResult result)
    {
        ArrayBufferWriter<byte> bytes = new(1024);
        using (Utf8JsonWriter json = new(bytes, JsonReply.Options))
        {
            ResponsesJson.Write(json, prepared, context, _created, status, _isStored, _items, result, null);
        }

        return bytes.WrittenSpan.ToArray();
    }

    private void Response(string name, string status, RunResult? result, ApiException? error) => Event(name, json =>
    {
        json.WritePropertyName("response");
        ResponsesJson.Write(json, prepared, context, _created, status, _isStored, _items, result, error);
    });

    private void Event(string name, Action<Utf8JsonWriter> write)
    {
        if (!_isStream)
        {
            return;
        }

        ServerSentEvents.Write(Buffer, name, json =>
        {
            json.WriteStartObject();
            json.WriteString("type", name);
            json.WriteNumber("sequence_number", _sequence++);
            write(json);
            json.WriteEndObject();
        });
    }
}
