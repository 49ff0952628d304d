using System.Buffers.Binary;
using System.Collections;
using System.Text;

namespace LayerStream.Formats;

/// <summary>
/// The strings of one metadata array, kept as UTF-8 pages and decoded each time one is read: a vocabulary costs about its
/// bytes in the file instead of an object per string.
/// </summary>
internal sealed class GgufStringList : IReadOnlyList<string>
{
    internal static readonly GgufStringList Empty = new([], 0);

    private readonly Page[] _pages;

    internal GgufStringList(Page[] pages, int count)
    {
        _pages = pages;
        Count = count;
    }

    public int Count { get; }

    public string this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            int low = 0;
            int high = _pages.Length - 1;
            while (low < high)
            {
                int middle = (low + high + 1) >> 1;
                if (_pages[middle].First <= index)
                {
                    low = middle;
                }
                else
                {
                    high = middle - 1;
                }
            }

            return _pages[low].Decode(index - _pages[low].First);
        }
    }

    public IEnumerator<string> GetEnumerator()
    {
        foreach (var page in _pages)
        {
            for (int i = 0; i < page.Count; i++)
            {
                yield return page.Decode(i);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The strings as they are in the file.</summary>
    internal IEnumerable<ReadOnlyMemory<byte>> Utf8() => _pages.SelectMany(p => Enumerable.Range(0, p.Count).Select(p.Utf8));

    /// <summary>A run of strings: <c>Count</c> little-endian i32 end positions, then the bytes of the strings.</summary>
    internal readonly record struct Page(int First, int Count, byte[] Bytes)
    {
        internal string Decode(int index) => Encoding.UTF8.GetString(Utf8(index).Span);

        internal ReadOnlyMemory<byte> Utf8(int index)
        {
            int text = Count * sizeof(int);
            int begin = index == 0 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(Bytes.AsSpan((index - 1) * sizeof(int)));
            int end = BinaryPrimitives.ReadInt32LittleEndian(Bytes.AsSpan(index * sizeof(int)));
            return Bytes.AsMemory(text + begin, end - begin);
        }
    }
}
