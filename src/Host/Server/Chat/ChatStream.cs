using System.Buffers;
using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Http;
using LayerStream.Session;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Chat;

/// <summary>A chat answer as server-sent events.</summary>
internal sealed class ChatStream(ChatJson form, AnswerOpening opening, bool includesUsage, ChoicePlace place)
    : ParsedShape(opening, place.Buffer)
{
    private bool _isFirst = true;

    public override string ContentType => ServerSentEvents.ContentType;

    public override int GatheredBytes => 0;

    public override int HeldBytesPerToken => 0;

    public override ReadOnlySpan<byte> Sign => ServerSentEvents.Ping;

    protected override void Take(AnswerEvent item)
    {
        switch (item.Part)
        {
            case AnswerPart.Text:
                Delta(json => json.WriteString("content", item.Text));
                break;
            case AnswerPart.Reasoning:
                Delta(json => json.WriteString("reasoning_content", item.Text));
                break;
            case AnswerPart.CallStart:
                string id = IdOf(item);
                Delta(json => ChatJson.CallDelta(json, item.Index, id, item.Text, ""));
                break;
            case AnswerPart.CallArguments:
                Delta(json => ChatJson.CallDelta(json, item.Index, null, null, item.Text));
                break;
        }
    }

    // A token without a text of its own may still have been asked about.
    protected override void EndPiece()
    {
        if (TakeProbabilities() is { } left)
        {
            bool isFirst = _isFirst;
            _isFirst = false;
            Event(json => form.Piece(json, place.Index, isFirst, static d => d.WriteString("content", ""), left));
        }
    }

    public override void Progress(GenerationEvent progress, double milliseconds) =>
        Event(json => form.Progress(json, place.Index, progress, milliseconds));

    protected override void End(RunResult result, string reason)
    {
        Event(json => form.LastPiece(json, place.Index, _isFirst, result, reason));
        if (place.Totals.End(place.Index, result) is not { } together)
        {
            return;
        }

        if (includesUsage)
        {
            Event(json => form.UsagePiece(json, together));
        }

        Buffer.Write("data: [DONE]\n\n"u8);
    }

    public override void Fail(ApiException error) => Event(json => JsonReply.WriteError(json, error));

    private void Delta(Action<Utf8JsonWriter> write)
    {
        bool isFirst = _isFirst;
        _isFirst = false;
        Event(json => form.Piece(json, place.Index, isFirst, write, TakeProbabilities()));
    }

    private void Event(Action<Utf8JsonWriter> write) => ServerSentEvents.Write(Buffer, write);
}
