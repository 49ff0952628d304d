namespace LayerStream.Text;

/// <summary>Greedy pair merging of one word in O(n log n): a linked list of symbols and a heap of candidate pairs ordered by
/// (priority, position). Reused from word to word; not for concurrent use.</summary>
internal sealed class SymbolMerger
{
    private Symbol[] _symbols = new Symbol[64];
    private Candidate[] _heap = new Candidate[64];
    private int _candidates;

    /// <summary>Number of symbols; valid indices for <see cref="this[int]"/> before merging.</summary>
    public int Count { get; private set; }

    public ref readonly Symbol this[int index] => ref _symbols[index];

    public void Clear() => Count = 0;

    /// <summary>Appends a symbol of <paramref name="length"/> bytes from <paramref name="start"/> with its piece number, -1 = none.</summary>
    public void Add(int start, int length, int piece)
    {
        if (Count == _symbols.Length)
        {
            Array.Resize(ref _symbols, Count * 2);
        }

        _symbols[Count] = new Symbol { Start = start, Length = length, Piece = piece, Previous = Count - 1, Next = -1 };
        if (Count > 0)
        {
            _symbols[Count - 1].Next = Count;
        }

        Count++;
    }

    /// <summary>Merges until no pair is left that may be joined. The result is the list from symbol 0 along <see cref="Symbol.Next"/>.</summary>
    public void Merge<TRule>(TRule rule, ReadOnlySpan<byte> bytes)
        where TRule : struct, IMergeRule
    {
        _candidates = 0;
        for (int i = 0; i + 1 < Count; i++)
        {
            Consider(rule, bytes, i, i + 1);
        }

        while (_candidates > 0)
        {
            Candidate best = Pop();
            int leftIndex = (int)(uint)best.Key;
            ref Symbol left = ref _symbols[leftIndex];
            // Borders only ever vanish: the same start and the same total length mean the same pair.
            if (left.Length == 0 || left.Next < 0 || left.Length + _symbols[left.Next].Length != best.Length)
            {
                continue;
            }

            ref Symbol right = ref _symbols[left.Next];
            left.Length = best.Length;
            left.Piece = best.Merged;
            left.Next = right.Next;
            right.Length = 0;
            if (left.Next >= 0)
            {
                _symbols[left.Next].Previous = leftIndex;
                Consider(rule, bytes, leftIndex, left.Next);
            }

            if (left.Previous >= 0)
            {
                Consider(rule, bytes, left.Previous, leftIndex);
            }
        }
    }

    private void Consider<TRule>(TRule rule, ReadOnlySpan<byte> bytes, int leftIndex, int rightIndex)
        where TRule : struct, IMergeRule
    {
        ref readonly Symbol left = ref _symbols[leftIndex];
        ref readonly Symbol right = ref _symbols[rightIndex];
        int length = left.Length + right.Length;
        if (rule.TryMerge(left.Piece, right.Piece, bytes.Slice(left.Start, length), out uint priority, out int merged))
        {
            Push(new Candidate(((ulong)priority << 32) | (uint)leftIndex, length, merged));
        }
    }

    private void Push(in Candidate candidate)
    {
        if (_candidates == _heap.Length)
        {
            Array.Resize(ref _heap, _candidates * 2);
        }

        int place = _candidates++;
        while (place > 0)
        {
            int parent = (place - 1) >> 1;
            if (_heap[parent].Key <= candidate.Key)
            {
                break;
            }

            _heap[place] = _heap[parent];
            place = parent;
        }

        _heap[place] = candidate;
    }

    private Candidate Pop()
    {
        Candidate top = _heap[0];
        Candidate last = _heap[--_candidates];
        int place = 0;
        while (true)
        {
            int child = (2 * place) + 1;
            if (child >= _candidates)
            {
                break;
            }

            if (child + 1 < _candidates && _heap[child + 1].Key < _heap[child].Key)
            {
                child++;
            }

            if (_heap[child].Key >= last.Key)
            {
                break;
            }

            _heap[place] = _heap[child];
            place = child;
        }

        _heap[place] = last;
        return top;
    }

    /// <summary>A run of bytes of the word, linked to its neighbours; length 0 once merged away.</summary>
    internal struct Symbol
    {
        public int Start;
        public int Length;
        public int Piece;
        public int Previous;
        public int Next;
    }

    private readonly record struct Candidate(ulong Key, int Length, int Merged);
}
