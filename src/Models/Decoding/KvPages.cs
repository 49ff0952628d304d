using LayerStream.Memory;

namespace LayerStream.Models.Decoding;

/// <summary>
/// The pages of keys and values that all sequences of a model share, taken from their account once. A page has as many holders as
/// sequences look at it, and is free when the last one gives it back. Safe for use by any thread; what is in a page is its holders'.
/// </summary>
public sealed class KvPages : IDisposable
{
    private readonly Lock _lock = new();
    private readonly AlignedBuffer _buffer;
    private readonly int[] _holders;
    private readonly Stack<int> _free;
    private int _shared; // pages with more than one holder

    /// <summary>Allocates pages.</summary>
    /// <param name="layout">What is in a page.</param>
    /// <param name="count">Number of pages.</param>
    /// <param name="account">Pays for them.</param>
    public KvPages(PageLayout layout, int count, BudgetAccount account)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(account);
        (Layout, _holders) = (layout, new int[count]);
        _buffer = account.Allocate(checked(layout.PageBytes * count));
        _free = new Stack<int>(Enumerable.Range(0, count).Reverse()); // the first ones first: what was never used stays untouched
    }

    /// <summary>What is in a page.</summary>
    public PageLayout Layout { get; }

    /// <summary>Pages that there are.</summary>
    public int Count => _holders.Length;

    /// <summary>Pages that nobody holds.</summary>
    public int Free
    {
        get
        {
            lock (_lock)
            {
                return _free.Count;
            }
        }
    }

    /// <summary>Pages that more than one sequence holds.</summary>
    public int Shared
    {
        get
        {
            lock (_lock)
            {
                return _shared;
            }
        }
    }

    /// <summary>Takes a free page.</summary>
    /// <exception cref="InvalidOperationException">There is none: whoever seats sequences must see to that.</exception>
    internal int Take()
    {
        lock (_lock)
        {
            if (!_free.TryPop(out int page))
            {
                throw new InvalidOperationException($"all {Count} pages of keys and values are held");
            }

            _holders[page] = 1;
            return page;
        }
    }

    /// <summary>A page has one more holder.</summary>
    internal void Share(int page)
    {
        lock (_lock)
        {
            _shared += ++_holders[page] == 2 ? 1 : 0;
        }
    }

    /// <summary>A page has one holder less.</summary>
    internal void Release(int page)
    {
        lock (_lock)
        {
            int left = --_holders[page];
            _shared -= left == 1 ? 1 : 0;
            if (left == 0)
            {
                _free.Push(page);
            }
        }
    }

    /// <summary>Whether a page has more than one holder, so that nobody may write to it.</summary>
    internal bool IsShared(int page)
    {
        lock (_lock)
        {
            return _holders[page] > 1;
        }
    }

    /// <summary>Address of a page.</summary>
    internal nint Address(int page) => _buffer.Address + (nint)(page * Layout.PageBytes);

    /// <summary>Some bytes of a page.</summary>
    internal Span<byte> Bytes(int page, long offset, int length) => _buffer.Bytes((page * Layout.PageBytes) + offset, length);

    /// <summary>Bytes at an address inside a page, and where in the page they begin.</summary>
    internal Span<byte> Bytes(nint address, int length, out long offset)
    {
        long at = address - _buffer.Address;
        offset = at % Layout.PageBytes;
        return _buffer.Bytes(at, length);
    }

    /// <summary>Makes a page a copy of another.</summary>
    internal void Copy(int from, int to)
    {
        for (long done = 0; done < Layout.PageBytes;)
        {
            int length = (int)Math.Min(Layout.PageBytes - done, 1 << 30);
            Bytes(from, done, length).CopyTo(Bytes(to, done, length));
            done += length;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
