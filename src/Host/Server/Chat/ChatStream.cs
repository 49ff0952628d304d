using System.Buffers;
using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Http;
using LayerStream.Sampling;
using LayerStream.Session;

namespace LayerStream.Host.Server.Chat;

/// <summary>A chat answer as server-sent events.</summary>
internal sealed class ChatStream(ChatJson form, bool includesUsage) : AnswerShape
{
    private bool _isFirst = true;

    public override string ContentType => ServerSentEvents.ContentType;

    public override int GatheredBytes => 0;

    public override int HeldBytesPerToken => 0;

    public override ReadOnlySpan<byte> Sign => ServerSentEvents.Ping;

    public override void Piece(string text, IReadOnlyList<TokenLogProbabilities>? probabilities)
    {
        Event(json => form.Piece(json, _isFirst, text, probabilities, null));
        _isFirst = false;
    }

    public override void Progress(GenerationEvent progress, double milliseconds) =>
        Event(json => form.Progress(json, progress, milliseconds));

    public override void End(RunResult result)
    {
        Event(json => form.Piece(json, _isFirst, null, null, result));
        if (includesUsage)
        {
            Event(json => form.UsagePiece(json, result));
        }

        Buffer.Write("data: [DONE]\n\n"u8);
    }

    public override void Fail(ApiException error) => Event(json => JsonReply.WriteError(json, error));

    private void Event(Action<Utf8JsonWriter> write) => ServerSentEvents.Write(Buffer, write);
}
