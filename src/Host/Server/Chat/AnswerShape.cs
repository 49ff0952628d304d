using System.Buffers;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Http;
using LayerStream.Sampling;
using LayerStream.Session;

namespace LayerStream.Host.Server.Chat;

/// <summary>How a protocol writes an answer. What a method writes leaves the buffer when the buffer is full enough or the answer has
/// ended.</summary>
internal abstract class AnswerShape
{
    /// <summary>Bytes that a token's log-probabilities take while they are held.</summary>
    protected const int BytesPerProbabilities = 2048;

    protected AnswerShape(ArrayBufferWriter<byte>? buffer = null) => Buffer = buffer ?? new ArrayBufferWriter<byte>(1024);

    /// <summary>What has been written and not been sent.</summary>
    public ArrayBufferWriter<byte> Buffer { get; }

    /// <summary>Value of Content-Type.</summary>
    public abstract string ContentType { get; }

    /// <summary>Bytes that may gather before they are sent; 0 = every piece at once.</summary>
    public abstract int GatheredBytes { get; }

    /// <summary>Bytes it holds of the request until the end.</summary>
    public virtual long HeldBytes => 0;

    /// <summary>Bytes it holds per token of the answer until the end.</summary>
    public abstract int HeldBytesPerToken { get; }

    /// <summary>A sign of life that means nothing, between any two pieces.</summary>
    public abstract ReadOnlySpan<byte> Sign { get; }

    /// <summary>The form of one choice.</summary>
    public virtual AnswerShape Of(int choice) => this;

    /// <summary>Text, with the log-probabilities of its tokens if asked for.</summary>
    public abstract void Piece(string text, IReadOnlyList<TokenLogProbabilities>? probabilities);

    /// <summary>How far the prompt has been read.</summary>
    public virtual void Progress(GenerationEvent progress, double milliseconds)
    {
    }

    /// <summary>The end of a complete answer.</summary>
    public abstract void End(RunResult result);

    /// <summary>A failure after the status has been sent; the connection is broken behind it.</summary>
    public abstract void Fail(ApiException error);
}
