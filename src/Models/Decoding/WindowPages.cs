using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// The last keys and values of one sequence in the layers that look at them through windows: a few pages in turn, so that the page of
/// the newest tokens takes the place of one behind the windows. Changed by one thread.
/// </summary>
public sealed class WindowPages : IDisposable
{
    private const int SparePages = 1; // so that a sequence can go on from fewer tokens than it had

    private readonly AlignedBuffer _buffer;
    private readonly WindowLayers _layers;
    private readonly int _count;
    private int _lowest; // the first page of the sequence whose place no later one has taken

    /// <param name="spec">The model.</param>
    /// <param name="type">Element type of keys and values.</param>
    /// <param name="context">Most tokens.</param>
    /// <param name="count">Number of pages; <see cref="Count"/> says how many a pass needs.</param>
    /// <param name="account">Pays for them.</param>
    internal WindowPages(ModelSpec spec, KvType type, int context, int count, BudgetAccount account)
    {
        (_layers, _count) = (new WindowLayers(spec), count);
        Layout = new PageLayout(spec, type, _layers.Contains);
        _buffer = account.Allocate(checked(Layout.PageBytes * count));
        Addresses = [.. Enumerable.Range(0, PageLayout.Pages(context)).Select(p => _buffer.Address + Place(p))];
    }

    /// <summary>Address of each page of the sequence, those included whose place a later one has.</summary>
    internal nint[] Addresses { get; }

    /// <summary>How they lie in a page.</summary>
    internal PageLayout Layout { get; }

    /// <summary>The least tokens behind which the sequence can go on; 0 while nothing was given up.</summary>
    internal int LeastTokens => _layers.FirstPosition(_lowest * PageLayout.Tokens);

    /// <summary>Pages with which passes of so many rows of a sequence see all they look at.</summary>
    public static int Count(WindowLayers layers, int rows)
    {
        ArgumentNullException.ThrowIfNull(layers);
        return PageLayout.Pages(layers.MostKeys(rows) - 1) + 1 + SparePages;
    }

    /// <summary>Whether a layer's keys and values lie here.</summary>
    internal bool Contains(int layer) => _layers.Contains(layer);

    /// <summary>Where a layer's first table begins in a page, in bytes.</summary>
    internal long Offset(int layer) => Layout.Offset(layer);

    /// <summary>Whether an address lies in one of the pages.</summary>
    internal bool Has(nint address) => address >= _buffer.Address && address < _buffer.Address + (nint)_buffer.Length;

    /// <summary>Bytes at an address inside a page, and how far behind its beginning they lie.</summary>
    internal Span<byte> Bytes(nint address, int length, out long offset)
    {
        long at = address - _buffer.Address;
        offset = at % Layout.PageBytes;
        return _buffer.Bytes(at, length);
    }

    /// <summary>Before a token is written.</summary>
    internal void Hold(int token) =>
        _lowest = token == 0 ? 0 : Math.Max(_lowest, (token / PageLayout.Tokens) - _count + 1);

    /// <summary>Behind <see cref="Hold"/> for all tokens of a pass: whether what each of them sees is there.</summary>
    /// <exception cref="InvalidOperationException">It is not: who goes on from a state must ask where that is possible.</exception>
    internal void Check(int token)
    {
        if (_layers.FirstKey(token) < _lowest * PageLayout.Tokens)
        {
            throw new InvalidOperationException(
                $"token {token} sees keys from {_layers.FirstKey(token)} on, and there are those from {_lowest * PageLayout.Tokens} on");
        }
    }

    /// <summary>Nothing of the sequence is needed any more.</summary>
    internal void Clear() => _lowest = 0;

    /// <summary>Takes over the first tokens of another sequence, as far as they are there.</summary>
    internal void CopyFrom(WindowPages other, int tokens)
    {
        for (int page = other._lowest; page < PageLayout.Pages(tokens); page++)
        {
            for (long done = 0; done < Layout.PageBytes;)
            {
                int length = (int)Math.Min(Layout.PageBytes - done, 1 << 30);
                other._buffer.Bytes(Place(page) + done, length).CopyTo(_buffer.Bytes(Place(page) + done, length));
                done += length;
            }
        }

        _lowest = other._lowest;
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private nint Place(int page) => (nint)(page % _count * Layout.PageBytes);
}
