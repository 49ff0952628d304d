using System.Buffers;
using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Http;
using LayerStream.Sampling;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Chat;

/// <summary>One of several choices of a chat answer in one piece: each is held until all have ended.</summary>
internal sealed class ChatChoice(ChatJson form, AnswerOpening opening, bool reportsProbabilities, ChoicePlace place, List<byte[]> written)
    : ParsedShape(opening, place.Buffer)
{
    private const int UsualBytesPerToken = 32; // of UTF-16 text, and again as JSON

    private readonly GatheredAnswer _answer = new();
    private readonly List<TokenLogProbabilities> _probabilities = [];

    public override string ContentType => "application/json; charset=utf-8";

    public override int GatheredBytes => 16 << 10;

    public override int HeldBytesPerToken => UsualBytesPerToken + (reportsProbabilities ? BytesPerProbabilities : 0);

    public override ReadOnlySpan<byte> Sign => " "u8;

    protected override void Take(AnswerEvent item) => _answer.Take(item, IdOf);

    protected override void EndPiece()
    {
        if (TakeProbabilities() is { } probabilities && reportsProbabilities)
        {
            _probabilities.AddRange(probabilities);
        }
    }

    protected override void End(RunResult result, string reason)
    {
        ArrayBufferWriter<byte> bytes = new(1024);
        using (Utf8JsonWriter json = new(bytes, JsonReply.Options))
        {
            ChatJson.BeginChoice(json, place.Index, reportsProbabilities);
            form.ReplyTokens(json, _probabilities);
            ChatJson.EndChoice(json, reportsProbabilities, _answer, reason);
        }

        written[place.Index] = bytes.WrittenSpan.ToArray();
        if (place.Totals.End(place.Index, result) is not { } together)
        {
            return;
        }

        using Utf8JsonWriter reply = new(Buffer, JsonReply.Options);
        form.BeginReply(reply);
        written.ForEach(choice => reply.WriteRawValue(choice, skipInputValidation: true));
        ChatJson.EndReply(reply, together);
    }

    public override void Fail(ApiException error)
    {
        using Utf8JsonWriter json = new(Buffer, JsonReply.Options);
        JsonReply.WriteError(json, error);
    }
}
