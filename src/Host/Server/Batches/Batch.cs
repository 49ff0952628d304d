namespace LayerStream.Host.Server.Batches;

/// <summary>A batch that changes. Every change is on disk before it is seen.</summary>
internal sealed class Batch(BatchRecord record, Action<BatchRecord> save)
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _cancel = new();
    private BatchRecord _record = record;

    /// <summary>What is known of it.</summary>
    public BatchRecord Record => Volatile.Read(ref _record);

    /// <summary>How far it has come.</summary>
    public BatchCounts Counts { get; } = new(record.Total, record.Completed, record.Failed);

    /// <summary>Cancelled when it was asked to end.</summary>
    public CancellationToken Cancelled => _cancel.Token;

    /// <summary>Changes what is known of it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Update(Func<BatchRecord, BatchRecord> change)
    {
        lock (_lock)
        {
            BatchRecord changed = change(_record);
            if (!ReferenceEquals(changed, _record))
            {
                save(changed);
                Volatile.Write(ref _record, changed);
            }
        }
    }

    /// <summary>Asks it to end.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Cancel(long now)
    {
        Update(r => r.HasEnded || r.Status == BatchStatus.Cancelling || r.Ending is not null ? r : r.In(BatchStatus.Cancelling, now));
        if (Record.Status == BatchStatus.Cancelling)
        {
            _cancel.Cancel();
        }
    }
}
