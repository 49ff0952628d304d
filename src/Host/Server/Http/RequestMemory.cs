using LayerStream.Memory;

namespace LayerStream.Host.Server.Http;

/// <summary>What requests hold of their account; a request that needs more than there is, is refused before the work.</summary>
internal sealed class RequestMemory(BudgetAccount account)
{
    private readonly BudgetAccount _account = account;

    /// <summary>Most bytes that all requests hold together.</summary>
    public long LimitBytes => _account.LimitBytes;

    /// <summary>Bytes held now.</summary>
    public long UsedBytes => _account.UsedBytes;

    /// <summary>An empty holding for one request.</summary>
    public Holding Open() => new(this, _account.Reserve(0));

    private ApiException Refusal(long bytes, string what) => bytes > _account.LimitBytes
        ? new ApiException(413, "invalid_request_error", $"{what} takes {bytes} bytes of memory, and all requests together may hold "
            + $"{_account.LimitBytes}", "body_too_large")
        : new ApiException(429, "rate_limit_error", $"{what} takes {bytes} bytes of memory, which other requests hold now; try again "
            + $"later", "request_memory_full")
        { RetryAfterSeconds = 2 };

    /// <summary>What one request holds; given back at the latest when it ends. One owner at a time.</summary>
    internal sealed class Holding(RequestMemory memory, Reservation reservation) : IDisposable
    {
        private RequestMemory _memory = memory;
        private Reservation _reservation = reservation;

        /// <summary>Bytes held.</summary>
        public long Bytes => _reservation.Bytes;

        /// <summary>Takes more.</summary>
        /// <param name="bytes">How much more.</param>
        /// <param name="what">For the message: "the body", "the prompt".</param>
        /// <exception cref="ApiException">413 if that can never be had, 429 if others hold it.</exception>
        public void Grow(long bytes, string what)
        {
            if (!TryGrow(bytes))
            {
                throw _memory.Refusal(_reservation.Bytes + bytes, what);
            }
        }

        /// <summary>Takes more if there is.</summary>
        public bool TryGrow(long bytes) => _reservation.TryGrow(bytes);

        /// <summary>Has another account pay for what is held.</summary>
        /// <exception cref="ApiException">413 if that can never be had there, 429 if others hold it.</exception>
        public void MoveTo(RequestMemory other, string what)
        {
            if (!TryMoveTo(other))
            {
                throw other.Refusal(_reservation.Bytes, what);
            }
        }

        /// <summary>The same if there is room for it.</summary>
        public bool TryMoveTo(RequestMemory other)
        {
            if (other._account.TryReserve(_reservation.Bytes) is not { } there)
            {
                return false;
            }

            Reservation before = _reservation;
            (_memory, _reservation) = (other, there);
            before.Dispose();
            return true;
        }

        /// <summary>Gives back all but that much.</summary>
        public void ShrinkTo(long bytes) => _reservation.ShrinkTo(Math.Min(bytes, _reservation.Bytes));

        /// <inheritdoc/>
        public void Dispose() => _reservation.Dispose();
    }
}
