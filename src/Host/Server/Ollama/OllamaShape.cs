using System.Buffers;
using System.Globalization;
using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Translation;
using LayerStream.Sampling;
using LayerStream.Session;
using LayerStream.Templates.Answers;

namespace LayerStream.Host.Server.Ollama;

/// <summary>An answer as lines of JSON, or as the one line that is the sum of them. A sign of life is a line without content: blank lines
/// break clients.</summary>
internal sealed class OllamaShape : ParsedShape
{
    private readonly TranslatedAnswer.Prepared _prepared;
    private readonly bool _isChat;
    private readonly bool _isStream;
    private readonly byte[] _sign;
    private readonly GatheredAnswer _whole = new();
    private readonly List<TokenLogProbabilities> _probabilities = [];
    private GatheredAnswer _calls = new();

    /// <param name="prepared">The request.</param>
    /// <param name="isChat">Messages rather than a prompt.</param>
    public OllamaShape(TranslatedAnswer.Prepared prepared, bool isChat)
        : base(prepared.Opening)
    {
        (_prepared, _isChat, _isStream) = (prepared, isChat, prepared.Request.Stream);
        _sign = _isStream ? SignLine() : [(byte)' '];
    }

    public override string ContentType => _isStream ? "application/x-ndjson" : "application/json; charset=utf-8";

    public override int GatheredBytes => _isStream ? 0 : 16 << 10;

    public override int HeldBytesPerToken => _isStream ? 0 : 16 + (_prepared.Request.LogProbs ? BytesPerProbabilities : 0);

    public override ReadOnlySpan<byte> Sign => _sign;

    protected override void Take(AnswerEvent item)
    {
        if (!_isStream)
        {
            _whole.Take(item, IdOf);
            return;
        }

        switch (item.Part)
        {
            case AnswerPart.Text or AnswerPart.CallBroken:
                Line(json => Content(json, item.Text, null, null));
                break;
            case AnswerPart.Reasoning:
                Line(json => Content(json, "", item.Text, null));
                break;
            case AnswerPart.CallEnd:
                _calls.Take(item, IdOf);
                GatheredAnswer ended = _calls;
                _calls = new GatheredAnswer();
                Line(json => Content(json, "", null, ended));
                break;
            default:
                _calls.Take(item, IdOf);
                break;
        }
    }

    // A stream has them in its next line.
    protected override void EndPiece()
    {
        if (!_isStream && TakeProbabilities() is { } found)
        {
            _probabilities.AddRange(found);
        }
    }

    protected override void End(RunResult result, string reason) => Line(json =>
    {
        Content(json, _whole.Text, _whole.Reasoning, _whole);
        json.WriteBoolean("done", true);
        json.WriteString("done_reason", reason == "length" ? "length" : "stop");
        json.WriteNumber("total_duration", Nanoseconds(result.PromptSeconds + result.DecodeSeconds));
        json.WriteNumber("load_duration", 0);
        json.WriteNumber("prompt_eval_count", result.PromptTokens);
        json.WriteNumber("prompt_eval_duration", Nanoseconds(result.PromptSeconds));
        json.WriteNumber("eval_count", result.GeneratedTokens);
        json.WriteNumber("eval_duration", Nanoseconds(result.DecodeSeconds));
    }, isLast: true);

    public override void Fail(ApiException error) => JsonReply.WriteLine(Buffer, json => OllamaJson.Error(json, error));

    private static long Nanoseconds(double seconds) => (long)(seconds * 1e9);

    /// <summary>A message without content.</summary>
    /// <param name="json">Where it goes.</param>
    /// <param name="model">The model's name, as it was asked for.</param>
    /// <param name="isChat">Whether it is of <c>chat</c> or <c>generate</c>.</param>
    /// <param name="doneReason">Why it is the last; null = it is not.</param>
    public static void WriteEmpty(Utf8JsonWriter json, string model, bool isChat, string? doneReason)
    {
        json.WriteStartObject();
        json.WriteString("model", model);
        json.WriteString("created_at", OllamaJson.Time(DateTimeOffset.UtcNow));
        if (isChat)
        {
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
            json.WriteString("content", "");
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("response", "");
        }

        json.WriteBoolean("done", doneReason is not null);
        if (doneReason is not null)
        {
            json.WriteString("done_reason", doneReason);
        }

        json.WriteEndObject();
    }

    private byte[] SignLine()
    {
        ArrayBufferWriter<byte> line = new(128);
        Write(line, json => Content(json, "", null, null), isLast: false);
        return line.WrittenSpan.ToArray();
    }

    private void Line(Action<Utf8JsonWriter> write, bool isLast = false) => Write(Buffer, json =>
    {
        write(json);
        IReadOnlyList<TokenLogProbabilities>? found = _isStream ? TakeProbabilities() : _probabilities;
        if (_prepared.Request.LogProbs && found is { Count: > 0 })
        {
            LogProbabilityJson.Write(json, "logprobs", _prepared.Tokenizer, found);
        }
    }, isLast);

    private void Write(ArrayBufferWriter<byte> target, Action<Utf8JsonWriter> write, bool isLast) => JsonReply.WriteLine(target, json =>
    {
        json.WriteStartObject();
        json.WriteString("model", _prepared.ModelId);
        json.WriteString("created_at", DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture));
        write(json);
        if (!isLast)
        {
            json.WriteBoolean("done", false);
        }

        json.WriteEndObject();
    });

    private void Content(Utf8JsonWriter json, string text, string? thought, GatheredAnswer? calls)
    {
        if (!_isChat)
        {
            json.WriteString("response", text);
            if (!string.IsNullOrEmpty(thought))
            {
                json.WriteString("thinking", thought);
            }

            return;
        }

        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        json.WriteString("content", text);
        if (!string.IsNullOrEmpty(thought))
        {
            json.WriteString("thinking", thought);
        }

        if (calls is { Calls.Count: > 0 })
        {
            OllamaJson.Calls(json, calls);
        }

        json.WriteEndObject();
    }
}
