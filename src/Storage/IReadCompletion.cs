namespace LayerStream.Storage;

/// <summary>Receives the end of reads.</summary>
public interface IReadCompletion
{
    /// <summary>Called once per request that was not withdrawn, on a thread of the reader; short, and must not throw or dispose the
    /// reader.</summary>
    /// <param name="tag">Tag of the request.</param>
    /// <param name="payload">Address of the payload, every byte of it filled; 0 when failed.</param>
    /// <param name="error">Null on success.</param>
    /// <param name="submitTicks">When submitted, in Stopwatch ticks.</param>
    /// <param name="startTicks">When the first read of it began.</param>
    /// <param name="endTicks">When the last one ended.</param>
    void Completed(long tag, nint payload, FlashReadException? error, long submitTicks, long startTicks, long endTicks);
}
