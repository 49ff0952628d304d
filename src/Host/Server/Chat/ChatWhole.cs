using System.Text;
using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Http;
using LayerStream.Sampling;

namespace LayerStream.Host.Server.Chat;

/// <summary>A chat answer as one JSON object. Log-probabilities, by far its largest part, leave as they come; only the text is held to the
/// end.</summary>
internal sealed class ChatWhole : AnswerShape, IDisposable
{
    private const int UsualBytesPerToken = 16; // of UTF-16 text, with room for growing
    private readonly ChatJson _form;
    private readonly Utf8JsonWriter _json;
    private readonly StringBuilder _text = new();
    private readonly bool _reportsProbabilities;
    private bool _hasBegun;

    public ChatWhole(ChatJson form, bool reportsProbabilities)
    {
        (_form, _reportsProbabilities) = (form, reportsProbabilities);
        _json = new Utf8JsonWriter(Buffer, JsonReply.Options);
    }

    public override string ContentType => "application/json; charset=utf-8";

    public override int GatheredBytes => 16 << 10;

    public override int HeldBytesPerToken => UsualBytesPerToken;

    public override ReadOnlySpan<byte> Sign => " "u8;

    public override void Piece(string text, IReadOnlyList<TokenLogProbabilities>? probabilities)
    {
        _text.Append(text);
        if (_reportsProbabilities && probabilities is not null)
        {
            Begin();
            _form.ReplyTokens(_json, probabilities);
            _json.Flush();
        }
    }

    public override void End(RunResult result)
    {
        Begin();
        _form.EndReply(_json, _reportsProbabilities, _text.ToString(), result);
        _json.Flush();
    }

    public override void Fail(ApiException error)
    {
        using Utf8JsonWriter json = new(Buffer, JsonReply.Options);
        JsonReply.WriteError(json, error);
    }

    public void Dispose() => _json.Dispose();

    private void Begin()
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            _form.BeginReply(_json, _reportsProbabilities);
        }
    }
}
