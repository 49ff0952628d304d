using System.Numerics;

namespace LayerStream.Text;

/// <summary>Ranked merges over piece numbers: (left, right) to (rank, merged) in flat arrays, rank = index of insertion.</summary>
internal sealed class MergeTable
{
    private readonly int[] _left;
    private readonly int[] _right;
    private readonly int[] _merged;
    private readonly int[] _slots; // rank + 1, 0 = empty
    private int _count;

    public MergeTable(int capacity)
    {
        _left = new int[capacity];
        _right = new int[capacity];
        _merged = new int[capacity];
        _slots = new int[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, capacity * 3 / 2))];
    }

    public long ApproximateBytes => 4L * (_left.LongLength + _right.LongLength + _merged.LongLength + _slots.LongLength);

    /// <summary>Appends a merge with the next rank; the first occurrence of a pair wins.</summary>
    public void Add(int left, int right, int merged)
    {
        _left[_count] = left;
        _right[_count] = right;
        _merged[_count] = merged;
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
        merged = rank < 0 ? -1 : _merged[rank];
        return rank >= 0;
    }

    private int SlotOf(int left, int right)
    {
        int mask = _slots.Length - 1;
        ulong mixed = (((ulong)(uint)left << 32) | (uint)right) * 0x9E3779B97F4A7C15;
        for (int slot = (int)(mixed >> 33) & mask; ; slot = (slot + 1) & mask)
        {
            int entry = _slots[slot] - 1;
            if (entry < 0 || (_left[entry] == left && _right[entry] == right))
            {
                return slot;
            }
        }
    }
}
