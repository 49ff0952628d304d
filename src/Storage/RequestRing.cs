namespace LayerStream.Storage;

/// <summary>First-in-first-out ring of requests. Not thread-safe: used under the reader's lock. Grows when full, never shrinks.</summary>
internal sealed class RequestRing(int capacity)
{
    private Entry[] _entries = new Entry[capacity];
    private int _head;

    internal int Count { get; private set; }

    internal void Add(in ReadRequest request, long submitTicks)
    {
        if (Count == _entries.Length)
        {
            Entry[] larger = new Entry[_entries.Length * 2];
            int tail = _entries.Length - _head;
            Array.Copy(_entries, _head, larger, 0, tail);
            Array.Copy(_entries, 0, larger, tail, _head);
            _entries = larger;
            _head = 0;
        }

        _entries[(_head + Count++) % _entries.Length] = new Entry(request, submitTicks);
    }

    internal Entry Take()
    {
        Entry first = _entries[_head];
        _entries[_head] = default; // lets go of the completion
        _head = (_head + 1) % _entries.Length;
        Count--;
        return first;
    }

    /// <summary>Takes out the requests of a completion's tag, into the end of another ring if there is one; gives their number.</summary>
    internal int Move(IReadCompletion completion, long tag, RequestRing? to)
    {
        int count = Count, kept = 0;
        for (int i = 0; i < count; i++)
        {
            Entry entry = _entries[(_head + i) % _entries.Length];
            if (entry.Request.Completion == completion && entry.Request.Tag == tag)
            {
                to?.Add(entry.Request, entry.SubmitTicks);
            }
            else
            {
                _entries[(_head + kept++) % _entries.Length] = entry;
            }
        }

        for (int i = kept; i < count; i++)
        {
            _entries[(_head + i) % _entries.Length] = default;
        }

        Count = kept;
        return count - kept;
    }

    internal readonly record struct Entry(ReadRequest Request, long SubmitTicks);
}
