using LayerStream.Host.Terminal;

namespace LayerStream.Host.Verbs;

/// <summary>Ctrl-C in a conversation: stops the answer that is being written, a second time or between answers it ends the
/// program.</summary>
internal sealed class AnswerInterrupt : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Interrupts _interrupts;
    private CancellationTokenSource? _answer;

    /// <summary>Takes over Ctrl-C until disposed.</summary>
    public AnswerInterrupt(Interrupts interrupts)
    {
        _interrupts = interrupts;
        interrupts.Taker = TakeOrExit;
    }

    /// <summary>Runs one answer under a token that Ctrl-C cancels.</summary>
    /// <param name="answer">Gives the answer.</param>
    /// <param name="ct">The whole program is to end.</param>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> answer, CancellationToken ct)
    {
        using CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(ct);
        lock (_lock)
        {
            _answer = source;
        }

        try
        {
            return await answer(source.Token);
        }
        finally
        {
            lock (_lock)
            {
                _answer = null;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _interrupts.Taker = null;

    private bool TakeOrExit()
    {
        lock (_lock)
        {
            if (_answer is { IsCancellationRequested: false } answer)
            {
                answer.Cancel();
                return true;
            }
        }

        Environment.Exit(Failures.Interrupted); // a line that is being read cannot be cancelled
        return false;
    }
}
