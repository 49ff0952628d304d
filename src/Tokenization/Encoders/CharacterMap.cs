using System.Buffers.Binary;

namespace LayerStream.Tokenization.Encoders;

/// <summary>The normaliser of a SentencePiece file (<c>precompiled_charsmap</c>): a double-array trie from UTF-8 prefixes to replacements.
/// The blob is untrusted: every index is checked, and what points outside does not match.</summary>
internal sealed class CharacterMap
{
    // Longer prefixes than any real map has; keeps the search linear for a hostile one.
    private const int LongestPrefixBytes = 64;
    private const int LongestReplacementBytes = 4096;
    private const uint LabelMask = 0x800000FF;
    private const uint LeafBit = 1u << 8;

    private readonly uint[] _nodes;
    private readonly byte[] _texts;

    private CharacterMap(uint[] nodes, byte[] texts)
    {
        _nodes = nodes;
        _texts = texts;
    }

    /// <summary>Maps nothing.</summary>
    public static CharacterMap Empty { get; } = new([], []);

    public long ApproximateBytes => (4L * _nodes.Length) + _texts.Length;

    /// <summary>Reads a blob: u32 size of the trie in bytes, the trie, replacements that each end in NUL. Empty when the size is
    /// wrong.</summary>
    public static CharacterMap Read(ReadOnlySpan<byte> blob)
    {
        if (blob.Length < 4)
        {
            return Empty;
        }

        uint size = BinaryPrimitives.ReadUInt32LittleEndian(blob);
        if (size % 4 != 0 || size > blob.Length - 4)
        {
            return Empty;
        }

        uint[] nodes = new uint[size / 4];
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i] = BinaryPrimitives.ReadUInt32LittleEndian(blob[(4 + (4 * i))..]);
        }

        return new CharacterMap(nodes, blob[(int)(4 + size)..].ToArray());
    }

    /// <summary>The replacement of the longest prefix that has one.</summary>
    /// <returns>Bytes of the prefix, 0 when none has.</returns>
    public int Match(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        replacement = [];
        if (_nodes.Length == 0)
        {
            return 0;
        }

        int longest = 0;
        uint place = Base(_nodes[0]);
        for (int i = 0; i < Math.Min(text.Length, LongestPrefixBytes) && text[i] != 0; i++)
        {
            place ^= text[i];
            if (place >= _nodes.Length || (_nodes[place] & LabelMask) != text[i])
            {
                break;
            }

            bool ends = (_nodes[place] & LeafBit) != 0;
            place ^= Base(_nodes[place]);
            if (place >= _nodes.Length)
            {
                break;
            }

            if (ends && TryText(_nodes[place] & 0x7FFFFFFF, out ReadOnlySpan<byte> found))
            {
                longest = i + 1;
                replacement = found;
            }
        }

        return longest;
    }

    private static uint Base(uint node) => (node >> 10) << (int)((node & 0x200) >> 6);

    private bool TryText(uint offset, out ReadOnlySpan<byte> text)
    {
        text = [];
        if (offset >= _texts.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = _texts.AsSpan((int)offset);
        int end = rest[..Math.Min(rest.Length, LongestReplacementBytes)].IndexOf((byte)0);
        text = end < 0 ? [] : rest[..end];
        return end >= 0;
    }
}
