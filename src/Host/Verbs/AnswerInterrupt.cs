namespace LayerStream.Host.Verbs;

/// <summary>Ctrl-C: stops the answer that is being written; between answers it ends the program.</summary>
internal sealed class AnswerInterrupt : IDisposable
{
    private readonly Lock _lock = new();
    private CancellationTokenSource? _answer;

    /// <summary>Takes over Ctrl-C until disposed.</summary>
    public AnswerInterrupt() => Console.CancelKeyPress += OnCancel;

    /// <summary>Runs one answer under a token that Ctrl-C cancels.</summary>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> answer)
    {
        using CancellationTokenSource source = new();
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
    public void Dispose() => Console.CancelKeyPress -= OnCancel;

    private void OnCancel(object? sender, ConsoleCancelEventArgs e)
    {
        lock (_lock)
        {
            e.Cancel = _answer is not null;
            _answer?.Cancel();
        }
    }
}
