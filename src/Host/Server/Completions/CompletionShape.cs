using System.Buffers;
using System.Text;
using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Sampling;

namespace LayerStream.Host.Server.Completions;

/// <summary>A choice of a completion: pieces of a stream, or held until all choices have ended.</summary>
/// <param name="form">Writes it.</param>
/// <param name="request">The request.</param>
/// <param name="place">Where it stands among the choices.</param>
/// <param name="echo">The prompt as it is repeated; read when the answer begins.</param>
/// <param name="written">Texts of the choices that have ended.</param>
internal sealed class CompletionShape(CompletionJson form, CompletionRequest request, ChoicePlace place, CompletionEcho echo,
    List<byte[]> written) : AnswerShape(place.Buffer)
{
    private const int UsualBytesPerToken = 32; // of UTF-16 text, and again as JSON

    private readonly StringBuilder _text = new();
    private readonly List<CompletionToken> _tokens = [];
    private int _offset;
    private bool _hasBegun;

    public override string ContentType => request.Stream ? ServerSentEvents.ContentType : "application/json; charset=utf-8";

    public override int GatheredBytes => request.Stream ? 0 : 16 << 10;

    public override int HeldBytesPerToken =>
        request.Stream ? 0 : UsualBytesPerToken + (request.LogProbs ? BytesPerProbabilities : 0);

    public override ReadOnlySpan<byte> Sign => request.Stream ? ServerSentEvents.Ping : " "u8;

    public override void Piece(string text, IReadOnlyList<TokenLogProbabilities>? probabilities)
    {
        Begin();
        if (!request.IsEchoOnly)
        {
            Add(text, probabilities is null ? [] : [.. probabilities.Select(CompletionToken.Of)]);
        }
    }

    public override void End(RunResult result)
    {
        Begin();
        RunResult mine = request.IsEchoOnly ? result with { Ids = [] } : result;
        string reason = request.IsEchoOnly ? "length" : result.FinishReason;
        if (request.Stream)
        {
            Event(json => form.Choice(json, place.Index, "", request.LogProbs ? [] : null, _offset, reason), null);
        }
        else
        {
            written[place.Index] = Json(json =>
                form.Choice(json, place.Index, _text.ToString(), request.LogProbs ? _tokens : null, 0, reason));
        }

        if (place.Totals.End(place.Index, mine) is not { } together)
        {
            return;
        }

        if (!request.Stream)
        {
            using Utf8JsonWriter reply = new(Buffer, JsonReply.Options);
            form.Begin(reply);
            written.ForEach(choice => reply.WriteRawValue(choice, skipInputValidation: true));
            CompletionJson.End(reply, together);
            return;
        }

        if (request.IncludeUsage == true)
        {
            Event(_ => { }, together);
        }

        Buffer.Write("data: [DONE]\n\n"u8);
    }

    public override void Fail(ApiException error)
    {
        if (request.Stream)
        {
            ServerSentEvents.Write(Buffer, json => JsonReply.WriteError(json, error));
            return;
        }

        using Utf8JsonWriter json = new(Buffer, JsonReply.Options);
        JsonReply.WriteError(json, error);
    }

    private void Begin()
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            Add(echo.Text, echo.Tokens);
        }
    }

    private void Add(string text, IReadOnlyList<CompletionToken> tokens)
    {
        if (text.Length == 0 && tokens.Count == 0)
        {
            return;
        }

        if (request.Stream)
        {
            Event(json => form.Choice(json, place.Index, text, request.LogProbs ? tokens : null, _offset, null), null);
            _offset += tokens.Sum(t => form.TextOf(t.Id).Length);
            return;
        }

        _text.Append(text);
        _tokens.AddRange(tokens);
    }

    private void Event(Action<Utf8JsonWriter> write, RunResult? usage) => ServerSentEvents.Write(Buffer, json =>
    {
        form.Begin(json);
        write(json);
        CompletionJson.End(json, usage);
    });

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> bytes = new(1024);
        using (Utf8JsonWriter json = new(bytes, JsonReply.Options))
        {
            write(json);
        }

        return bytes.WrittenSpan.ToArray();
    }
}
