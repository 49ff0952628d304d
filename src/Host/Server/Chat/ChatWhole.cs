using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Http;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Chat;

/// <summary>A chat answer as one JSON object. Log-probabilities, by far its largest part, leave as they come; only the texts are held to
/// the end.</summary>
internal sealed class ChatWhole : ParsedShape, IDisposable
{
    private const int UsualBytesPerToken = 16; // of UTF-16 text, with room for growing
    private readonly ChatJson _form;
    private readonly Utf8JsonWriter _json;
    private readonly GatheredAnswer _answer = new();
    private readonly bool _reportsProbabilities;
    private bool _hasBegun;

    public ChatWhole(ChatJson form, AnswerOpening opening, bool reportsProbabilities)
        : base(opening)
    {
        (_form, _reportsProbabilities) = (form, reportsProbabilities);
        _json = new Utf8JsonWriter(Buffer, JsonReply.Options);
    }

    public override string ContentType => "application/json; charset=utf-8";

    public override int GatheredBytes => 16 << 10;

    public override int HeldBytesPerToken => UsualBytesPerToken;

    public override ReadOnlySpan<byte> Sign => " "u8;

    protected override void Take(AnswerEvent item) => _answer.Take(item, IdOf);

    protected override void EndPiece()
    {
        if (TakeProbabilities() is { } probabilities && _reportsProbabilities)
        {
            BeginReply();
            _form.ReplyTokens(_json, probabilities);
            _json.Flush();
        }
    }

    protected override void End(RunResult result, string reason)
    {
        BeginReply();
        ChatJson.EndChoice(_json, _reportsProbabilities, _answer, reason);
        ChatJson.EndReply(_json, result);
        _json.Flush();
    }

    public override void Fail(ApiException error)
    {
        using Utf8JsonWriter json = new(Buffer, JsonReply.Options);
        JsonReply.WriteError(json, error);
    }

    public void Dispose() => _json.Dispose();

    private void BeginReply()
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            _form.BeginReply(_json, _reportsProbabilities);
        }
    }
}
