using System.Text.Json;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Http;
using LayerStream.Sampling;

namespace LayerStream.Host.Server.Chat;

/// <summary>An answer without generated text: it is written at once, when it is there.</summary>
/// <param name="error">How its protocol writes an error.</param>
internal sealed class WrittenShape(Action<Utf8JsonWriter, ApiException> error) : AnswerShape
{
    public override string ContentType => "application/json; charset=utf-8";

    public override int GatheredBytes => int.MaxValue;

    public override int HeldBytesPerToken => 0;

    public override ReadOnlySpan<byte> Sign => " "u8;

    /// <summary>Writes the answer.</summary>
    public void Write(Action<Utf8JsonWriter> write)
    {
        using Utf8JsonWriter json = new(Buffer, JsonReply.Options);
        write(json);
    }

    public override void Piece(string text, IReadOnlyList<TokenLogProbabilities>? probabilities) =>
        throw new InvalidOperationException("This answer has no text.");

    public override void End(RunResult result) => throw new InvalidOperationException("This answer has no text.");

    public override void Fail(ApiException failure) => Write(json => error(json, failure));
}
