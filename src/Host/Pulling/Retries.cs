namespace LayerStream.Host.Pulling;

/// <summary>Repeats what was interrupted, each time after twice the pause, until it goes on or has failed too often in a row.</summary>
internal sealed class Retries(PullOptions options)
{
    private const double MostPauseSeconds = 60;
    private int _failures;

    /// <summary>Something came: the count begins anew.</summary>
    public void Succeeded() => _failures = 0;

    /// <summary>Runs to its end.</summary>
    /// <exception cref="PullException">It failed too often.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> work, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                T result = await work();
                Succeeded();
                return result;
            }
            catch (InterruptedTransferException e)
            {
                await PauseAsync(e, ct);
            }
        }
    }

    private async Task PauseAsync(InterruptedTransferException error, CancellationToken ct)
    {
        if (++_failures > options.MostRetries)
        {
            throw new PullException($"{error.Message}. It was tried {_failures} times. What came is kept; the same command goes on from "
                + "there.", error);
        }

        double doubled = options.FirstPause.TotalSeconds * Math.Pow(2, _failures - 1) * (0.75 + (Random.Shared.NextDouble() / 2));
        double seconds = Math.Min(MostPauseSeconds, Math.Max(doubled, error.RetryAfter?.TotalSeconds ?? 0));
        await Task.Delay(TimeSpan.FromSeconds(seconds), ct);
    }
}
