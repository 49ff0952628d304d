using System.Collections.Concurrent;

namespace LayerStream.Storage.Tests;

/// <summary>Keeps every completion; runs an action in it if given.</summary>
internal sealed class RecordingCompletion(Action<long, nint, FlashReadException?>? onCompleted = null) : IReadCompletion
{
    internal ConcurrentQueue<(long Tag, nint Payload, FlashReadException? Error, long Submit, long Start, long End)> Calls { get; } = new();

    public void Completed(long tag, nint payload, FlashReadException? error, long submitTicks, long startTicks, long endTicks)
    {
        Calls.Enqueue((tag, payload, error, submitTicks, startTicks, endTicks));
        onCompleted?.Invoke(tag, payload, error);
    }
}
