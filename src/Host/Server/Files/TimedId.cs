namespace LayerStream.Host.Server.Files;

/// <summary>Ids that sort in the order of their making, so that lists have an order within a second (RFC 9562, version 7).</summary>
internal static class TimedId
{
    private static long s_lastMillis;

    /// <summary>Behind all ids of this process, and of earlier ones as far as the clock goes on.</summary>
    public static string Next()
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), last, next;
        do
        {
            last = Volatile.Read(ref s_lastMillis);
            next = Math.Max(now, last + 1);
        }
        while (Interlocked.CompareExchange(ref s_lastMillis, next, last) != last);

        return Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(next)).ToString("N");
    }
}
