using System.Buffers.Binary;

namespace LayerStream.Formats;

/// <summary>Reads string arrays into pages. Its scratch space is reused by all arrays of a model.</summary>
internal sealed class StringListBuilder
{
    private const int PageBytes = 16 << 10;
    private const int PageStrings = 512;

    private readonly byte[] _text = new byte[PageBytes];
    private readonly byte[] _ends = new byte[PageStrings * sizeof(int)];
    private readonly List<GgufStringList.Page> _pages = [];
    private int _first;
    private int _count;
    private int _used;

    /// <summary>Reads <paramref name="count"/> length-prefixed strings at the reader's position.</summary>
    internal GgufStringList Read(BoundedReader reader, int count)
    {
        _pages.Clear();
        _first = _count = _used = 0;
        for (int i = 0; i < count; i++)
        {
            int bytes = (int)reader.ReadCount(GgufLimits.MaxValueBytes, "The length of a string in an array");
            if (_count == PageStrings || _used + (long)bytes > PageBytes)
            {
                Flush();
            }

            if (bytes > PageBytes)
            {
                AddAlone(reader, bytes);
                continue;
            }

            reader.ReadInto(_text.AsSpan(_used, bytes), "a string of an array");
            _used += bytes;
            BinaryPrimitives.WriteInt32LittleEndian(_ends.AsSpan(_count * sizeof(int)), _used);
            _count++;
        }

        Flush();
        return count == 0 ? GgufStringList.Empty : new GgufStringList(_pages.ToArray(), count);
    }

    private void AddAlone(BoundedReader reader, int bytes)
    {
        reader.Require(bytes, "a string of an array");
        var page = new byte[sizeof(int) + bytes];
        BinaryPrimitives.WriteInt32LittleEndian(page, bytes);
        reader.ReadInto(page.AsSpan(sizeof(int)), "a string of an array");
        _pages.Add(new GgufStringList.Page(_first, 1, page));
        _first++;
    }

    private void Flush()
    {
        if (_count == 0)
        {
            return;
        }

        int ends = _count * sizeof(int);
        var page = new byte[ends + _used];
        _ends.AsSpan(0, ends).CopyTo(page);
        _text.AsSpan(0, _used).CopyTo(page.AsSpan(ends));
        _pages.Add(new GgufStringList.Page(_first, _count, page));
        _first += _count;
        _count = _used = 0;
    }
}
