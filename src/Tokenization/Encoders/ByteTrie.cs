using System.Numerics;

namespace LayerStream.Tokenization.Encoders;

/// <summary>Byte strings as paths from node 0, each with the number it was added under; edges lie in one hash table.</summary>
internal sealed class ByteTrie
{
    public const int Root = 0;
    private uint[] _keys = new uint[1024]; // node × 256 + byte + 1, 0 = empty
    private int[] _children = new int[1024];
    private int[] _numbers = [-1];
    private int _nodes = 1;

    public long ApproximateBytes => 4L * (_keys.Length + _children.Length + _numbers.Length);

    /// <summary>Adds a string; a later equal one takes its place.</summary>
    /// <exception cref="ArgumentException">The strings need more than 16 million nodes.</exception>
    public void Add(ReadOnlySpan<byte> text, int number)
    {
        int node = Root;
        foreach (byte b in text)
        {
            int child = Child(node, b);
            node = child >= 0 ? child : Grow(node, b);
        }

        _numbers[node] = number;
    }

    /// <summary>The node one byte further, or -1.</summary>
    public int Child(int node, byte b)
    {
        int slot = SlotOf(Key(node, b));
        return _keys[slot] == 0 ? -1 : _children[slot];
    }

    /// <summary>The number of the string that ends here, or -1.</summary>
    public int NumberAt(int node) => _numbers[node];

    private static uint Key(int node, byte b) => ((uint)node << 8 | b) + 1;

    private int Grow(int node, byte b)
    {
        if (_nodes == 1 << 24)
        {
            throw new ArgumentException("The vocabulary needs too many trie nodes.");
        }

        if (_nodes == _numbers.Length)
        {
            Array.Resize(ref _numbers, _nodes * 2);
        }

        if (_nodes * 3L > _keys.Length * 2L)
        {
            Rehash();
        }

        int slot = SlotOf(Key(node, b));
        _keys[slot] = Key(node, b);
        _numbers[_nodes] = -1;
        return _children[slot] = _nodes++;
    }

    private void Rehash()
    {
        (uint[] keys, int[] children) = (_keys, _children);
        _keys = new uint[keys.Length * 2];
        _children = new int[keys.Length * 2];
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i] != 0)
            {
                int slot = SlotOf(keys[i]);
                _keys[slot] = keys[i];
                _children[slot] = children[i];
            }
        }
    }

    private int SlotOf(uint key)
    {
        int mask = _keys.Length - 1;
        int slot = (int)((key * 0x9E3779B97F4A7C15UL) >> (64 - BitOperations.Log2((uint)_keys.Length)));
        while (_keys[slot] != 0 && _keys[slot] != key)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }
}
