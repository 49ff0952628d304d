using System.Numerics;

namespace LayerStream.Tokenization.Vocabularies;

/// <summary>Ranked merges over piece numbers: (left, right) to (rank, merged) in flat arrays, rank = index of insertion.</summary>
internal sealed class MergeTable
{
    private readonly Entry[] _entries;
    private readonly int[] _slots; // rank + 1, 0 = empty
    private int _count;

    public MergeTable(int capacity)
    {
        _entries = new Entry[capacity];
        _slots = new int[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, capacity * 3 / 2))];
    }

    public long ApproximateBytes => (12 * _entries.LongLength) + (4 * _slots.LongLength);

    /// <summary>Appends a merge with the next rank; the first occurrence of a pair wins.</summary>
    public void Add(int left, int right, int merged)
    {
        _entries[_count] = new Entry(left, right, merged);
        ref int slot = ref _slots[SlotOf(left, right)];
        _count++;
        if (slot == 0)
        {
            slot = _count;
        }
    }

    public bool TryGet(int left, int right, out int rank, out int merged)
    {
        rank = _slots[SlotOf(left, right)] - 1;
        merged = rank < 0 ? -1 : _entries[rank].Merged;
        return rank >= 0;
    }

    private int SlotOf(int left, int right)
    {
        int mask = _slots.Length - 1;
        ulong mixed = (((ulong)(uint)left << 32) | (uint)right) * 0x9E3779B97F4A7C15;
        for (int slot = (int)(mixed >> 33) & mask; ; slot = (slot + 1) & mask)
        {
            int rank = _slots[slot] - 1;
            if (rank < 0 || (_entries[rank].Left == left && _entries[rank].Right == right))
            {
                return slot;
            }
        }
    }

    private readonly record struct Entry(int Left, int Right, int Merged);
}
