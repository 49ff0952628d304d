using System.Buffers;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Http;
using LayerStream.Sampling;

namespace LayerStream.Host.Server.Chat;

/// <summary>An answer of several choices, which come side by side and are written to one buffer.</summary>
internal sealed class SeveralChoices : AnswerShape, IDisposable
{
    private readonly AnswerShape[] _choices;

    /// <param name="count">Number of choices.</param>
    /// <param name="promptChoices">Choices that share a prompt.</param>
    /// <param name="make">Makes the form of one.</param>
    public SeveralChoices(int count, int promptChoices, Func<ChoicePlace, AnswerShape> make)
        : this(new ArrayBufferWriter<byte>(1024), count, promptChoices, make)
    {
    }

    private SeveralChoices(ArrayBufferWriter<byte> buffer, int count, int promptChoices, Func<ChoicePlace, AnswerShape> make)
        : base(buffer)
    {
        ChoiceTotals totals = new(count, promptChoices);
        _choices = [.. Enumerable.Range(0, count).Select(i => make(new ChoicePlace(i, totals, buffer)))];
    }

    public override string ContentType => _choices[0].ContentType;

    public override int GatheredBytes => _choices[0].GatheredBytes;

    public override int HeldBytesPerToken => _choices.Sum(c => c.HeldBytesPerToken);

    public override ReadOnlySpan<byte> Sign => _choices[0].Sign;

    public override AnswerShape Of(int choice) => _choices[choice];

    public override void Piece(string text, IReadOnlyList<TokenLogProbabilities>? probabilities) =>
        throw new InvalidOperationException("A piece belongs to one of the choices.");

    public override void End(RunResult result) => throw new InvalidOperationException("An end belongs to one of the choices.");

    public override void Fail(ApiException error) => _choices[0].Fail(error);

    public void Dispose()
    {
        foreach (IDisposable choice in _choices.OfType<IDisposable>())
        {
            choice.Dispose();
        }
    }
}
