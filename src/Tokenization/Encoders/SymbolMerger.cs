namespace LayerStream.Tokenization.Encoders;

/// <summary>Greedy pair merging of one word in O(n log n): a linked list of symbols and a heap of candidate pairs ordered by
/// (priority, position). Reused from word to word; not for concurrent use.</summary>
internal sealed class SymbolMerger
{
    // Four children share a cache line, which halves the misses of a large heap.
    private const int Arity = 4;
    private Symbol[] _symbols = new Symbol[64];
    private ulong[] _heap = new ulong[64]; // priority in the high half, index of the left symbol in the low half
    private int _candidates;

    /// <summary>Number of symbols; valid indices for <see cref="this[int]"/> before merging.</summary>
    public int Count { get; private set; }

    public ref readonly Symbol this[int index] => ref _symbols[index];

    public void Clear() => Count = 0;

    /// <summary>Appends a symbol of <paramref name="length"/> bytes from <paramref name="start"/> with its piece number, -1 =
    /// none.</summary>
    public void Add(int start, int length, int piece)
    {
        if (Count == _symbols.Length)
        {
            Array.Resize(ref _symbols, Count * 2);
        }

        _symbols[Count] = new Symbol { Start = start, Length = length, Piece = piece, Previous = Count - 1, Next = -1, Merged = -1 };
        if (Count > 0)
        {
            _symbols[Count - 1].Next = Count;
        }

        Count++;
    }

    /// <summary>Merges until no pair is left that may be joined. The result is the list from symbol 0 along
    /// <see cref="Symbol.Next"/>.</summary>
    public void Merge<TRule>(TRule rule, ReadOnlySpan<byte> bytes)
        where TRule : struct, IMergeRule
    {
        _candidates = 0;
        for (int i = 0; i + 1 < Count; i++)
        {
            Consider(rule, bytes, i);
        }

        while (_candidates > 0)
        {
            ulong best = Pop();
            int leftIndex = (int)(uint)best;
            ref Symbol left = ref _symbols[leftIndex];
            // Every pair in force has its key in the heap, so a key that fits the pair in force here is the least of all.
            if (left.Merged < 0 || left.Priority != (uint)(best >> 32))
            {
                continue;
            }

            ref Symbol right = ref _symbols[left.Next];
            left.Length += right.Length;
            left.Piece = left.Merged;
            left.Next = right.Next;
            right.Merged = -1;
            left.Merged = -1;
            if (left.Next >= 0)
            {
                _symbols[left.Next].Previous = leftIndex;
                Consider(rule, bytes, leftIndex);
            }

            if (left.Previous >= 0)
            {
                Consider(rule, bytes, left.Previous);
            }
        }
    }

    private void Consider<TRule>(TRule rule, ReadOnlySpan<byte> bytes, int leftIndex)
        where TRule : struct, IMergeRule
    {
        ref Symbol left = ref _symbols[leftIndex];
        ref readonly Symbol right = ref _symbols[left.Next];
        if (rule.TryMerge(left.Piece, right.Piece, bytes.Slice(left.Start, left.Length + right.Length), out uint priority, out int merged))
        {
            left.Priority = priority;
            left.Merged = merged;
            Push(((ulong)priority << 32) | (uint)leftIndex);
        }
        else
        {
            left.Merged = -1;
        }
    }

    private void Push(ulong candidate)
    {
        if (_candidates == _heap.Length)
        {
            Array.Resize(ref _heap, _candidates * 2);
        }

        int place = _candidates++;
        while (place > 0)
        {
            int parent = (place - 1) / Arity;
            if (_heap[parent] <= candidate)
            {
                break;
            }

            _heap[place] = _heap[parent];
            place = parent;
        }

        _heap[place] = candidate;
    }

    private ulong Pop()
    {
        Span<ulong> heap = _heap.AsSpan(0, _candidates);
        ulong top = heap[0];
        ulong last = heap[^1];
        _candidates--;
        heap = heap[..^1];
        int place = 0;
        while (true)
        {
            int child = (Arity * place) + 1;
            if (child >= heap.Length)
            {
                break;
            }

            int end = Math.Min(child + Arity, heap.Length);
            int least = child;
            for (int i = child + 1; i < end; i++)
            {
                least = heap[i] < heap[least] ? i : least;
            }

            if (heap[least] >= last)
            {
                break;
            }

            heap[place] = heap[least];
            place = least;
        }

        if (place < heap.Length)
        {
            heap[place] = last;
        }

        return top;
    }

    /// <summary>A run of bytes of the word, linked to its neighbours, and the pair it makes with the next one.</summary>
    internal struct Symbol
    {
        public int Start;
        public int Length;
        public int Piece;
        public int Previous;
        public int Next;

        /// <summary>Priority of the pair.</summary>
        public uint Priority;

        /// <summary>Piece the pair would make, -1 = it may not be joined.</summary>
        public int Merged;
    }
}
