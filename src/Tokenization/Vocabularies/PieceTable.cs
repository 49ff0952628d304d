using System.Numerics;

namespace LayerStream.Tokenization.Vocabularies;

/// <summary>Byte strings numbered from 0 in one contiguous buffer, with a hash from the bytes to the number.</summary>
internal sealed class PieceTable
{
    private byte[] _bytes;
    private int[] _offsets;
    private int[] _slots; // number + 1, 0 = empty
    private int _findable;

    public PieceTable(int expectedCount)
    {
        _offsets = new int[expectedCount + 1];
        _bytes = new byte[Math.Max(16, expectedCount * 8L)];
        _slots = new int[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, expectedCount * 3 / 2))];
    }

    public int Count { get; private set; }

    /// <summary>Bytes of the longest piece that can be found.</summary>
    public int LongestFindable { get; private set; }

    public long ApproximateBytes => _bytes.LongLength + (4L * _offsets.Length) + (4L * _slots.Length);

    public ReadOnlySpan<byte> this[int number] => _bytes.AsSpan(_offsets[number], _offsets[number + 1] - _offsets[number]);

    /// <summary>Appends a piece. A findable piece equal to an earlier one takes its place in searches.</summary>
    /// <returns>The number of the piece.</returns>
    public int Add(ReadOnlySpan<byte> piece, bool findable)
    {
        int begin = _offsets[Count];
        if (begin + piece.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length + (_bytes.Length / 2), begin + piece.Length));
        }

        if (Count + 2 > _offsets.Length)
        {
            Array.Resize(ref _offsets, (Count * 5 / 4) + 16);
        }

        piece.CopyTo(_bytes.AsSpan(begin));
        int number = Count++;
        _offsets[Count] = begin + piece.Length;
        if (findable)
        {
            LongestFindable = Math.Max(LongestFindable, piece.Length);
            Insert(number);
        }

        return number;
    }

    /// <summary>The number of the findable piece with exactly these bytes, or -1.</summary>
    public int Find(ReadOnlySpan<byte> piece)
    {
        if (piece.Length > LongestFindable)
        {
            return -1;
        }

        int slot = _slots[SlotOf(piece)];
        return slot - 1;
    }

    /// <summary>Gives back the room kept for growth.</summary>
    public void Trim()
    {
        Array.Resize(ref _bytes, _offsets[Count]);
        Array.Resize(ref _offsets, Count + 1);
    }

    private void Insert(int number)
    {
        if ((_findable + 1) * 4L > _slots.Length * 3L)
        {
            int[] old = _slots;
            _slots = new int[old.Length * 2];
            foreach (int entry in old)
            {
                if (entry != 0)
                {
                    _slots[SlotOf(this[entry - 1])] = entry;
                }
            }
        }

        ref int place = ref _slots[SlotOf(this[number])];
        _findable += place == 0 ? 1 : 0;
        place = number + 1;
    }

    private int SlotOf(ReadOnlySpan<byte> piece)
    {
        int mask = _slots.Length - 1;
        for (int slot = (int)Hash(piece) & mask; ; slot = (slot + 1) & mask)
        {
            int entry = _slots[slot];
            if (entry == 0 || this[entry - 1].SequenceEqual(piece))
            {
                return slot;
            }
        }
    }

    private static uint Hash(ReadOnlySpan<byte> piece)
    {
        uint hash = 2166136261;
        foreach (byte b in piece)
        {
            hash = (hash ^ b) * 16777619;
        }

        hash ^= hash >> 15;
        hash *= 0x2C1B3C6D;
        return hash ^ (hash >> 13);
    }
}
