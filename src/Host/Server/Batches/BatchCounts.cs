namespace LayerStream.Host.Server.Batches;

/// <summary>How far a batch has come; counted when a result is in its file, so that they are true at every moment.</summary>
internal sealed class BatchCounts(int total, int completed, int failed)
{
    private int _total = total, _completed = completed, _failed = failed;

    /// <summary>Requests.</summary>
    public int Total
    {
        get => Volatile.Read(ref _total);
        set => Volatile.Write(ref _total, value);
    }

    /// <summary>Requests with an answer.</summary>
    public int Completed => Volatile.Read(ref _completed);

    /// <summary>Requests with an error.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>Counts one more.</summary>
    public void Add(bool isAnswer)
    {
        if (isAnswer)
        {
            Interlocked.Increment(ref _completed);
        }
        else
        {
            Interlocked.Increment(ref _failed);
        }
    }

    /// <summary>Counts anew.</summary>
    public void Set(int completed, int failed)
    {
        Volatile.Write(ref _completed, completed);
        Volatile.Write(ref _failed, failed);
    }
}
