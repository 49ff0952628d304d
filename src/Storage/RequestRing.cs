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

    internal readonly record struct Entry(ReadRequest Request, long SubmitTicks);
}
