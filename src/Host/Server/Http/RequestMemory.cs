using LayerStream.Memory;

namespace LayerStream.Host.Server.Http;

/// <summary>What requests hold of their account; a request that needs more than there is, is refused before the work.</summary>
internal sealed class RequestMemory(BudgetAccount account)
{
    /// <summary>Most bytes that all requests hold together.</summary>
    public long LimitBytes => account.LimitBytes;

    /// <summary>Bytes held now.</summary>
    public long UsedBytes => account.UsedBytes;

    /// <summary>An empty holding for one request.</summary>
    public Holding Open() => new(this, account.Reserve(0));

    private ApiException Refusal(long bytes, string what) => bytes > account.LimitBytes
        ? new ApiException(413, "invalid_request_error", $"{what} takes {bytes} bytes of memory, and all requests together may hold "
            + $"{account.LimitBytes}", "body_too_large")
        : new ApiException(429, "rate_limit_error", $"{what} takes {bytes} bytes of memory, which other requests hold now; try again "
            + $"later", "request_memory_full")
        { RetryAfterSeconds = 2 };

    /// <summary>What one request holds; given back at the latest when it ends. One owner at a time.</summary>
    internal sealed class Holding(RequestMemory memory, Reservation reservation) : IDisposable
    {
        /// <summary>Bytes held.</summary>
        public long Bytes => reservation.Bytes;

        /// <summary>Takes more.</summary>
        /// <param name="bytes">How much more.</param>
        /// <param name="what">For the message: "the body", "the prompt".</param>
        /// <exception cref="ApiException">413 if that can never be had, 429 if others hold it.</exception>
        public void Grow(long bytes, string what)
        {
            if (!TryGrow(bytes))
            {
                throw memory.Refusal(reservation.Bytes + bytes, what);
            }
        }

        /// <summary>Takes more if there is.</summary>
        public bool TryGrow(long bytes) => reservation.TryGrow(bytes);

        /// <summary>Gives back all but that much.</summary>
        public void ShrinkTo(long bytes) => reservation.ShrinkTo(Math.Min(bytes, reservation.Bytes));

        /// <inheritdoc/>
        public void Dispose() => reservation.Dispose();
    }
}
