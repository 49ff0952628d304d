namespace LayerStream.Models.Decoding;

/// <summary>
/// The pages that hold keys and values of a sequence's tokens, in order. It takes pages as the sequence grows. Full pages may be those of
/// other sequences that begin alike: nobody writes to a page with several holders. Changed by one thread; <see cref="Save"/> is for any,
/// and gives what was there last where pages were given back meanwhile.
/// </summary>
/// <param name="pool">Where pages come from.</param>
/// <param name="context">Most tokens.</param>
public sealed class PageTable(KvPages pool, int context)
{
    private readonly int[] _numbers = new int[PageLayout.Pages(context)]; // behind those that are held what was there last
    private volatile int _held;

    /// <summary>Where pages come from.</summary>
    public KvPages Pool => pool;

    /// <summary>Pages held.</summary>
    public int Held => _held;

    /// <summary>Address of each page that is held.</summary>
    internal nint[] Addresses { get; } = new nint[PageLayout.Pages(context)];

    /// <summary>
    /// Before tokens from one on are written: there are pages for all in front of <paramref name="end"/>, and those from
    /// <paramref name="from"/> on are the sequence's own. What is shared there is copied.
    /// </summary>
    /// <exception cref="InvalidOperationException">Pages have run out.</exception>
    public void Hold(int from, int end)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, context);
        int wanted = PageLayout.Pages(end);
        for (int page = from / PageLayout.Tokens; page < Math.Min(_held, wanted); page++)
        {
            if (pool.IsShared(_numbers[page]))
            {
                int shared = _numbers[page], own = pool.Take();
                pool.Copy(shared, own);
                Put(page, own);
                pool.Release(shared);
            }
        }

        while (_held < wanted)
        {
            Put(_held, pool.Take());
            _held++;
        }
    }

    /// <summary>Pages that <see cref="Hold"/> would take.</summary>
    public int Missing(int from, int end)
    {
        int wanted = PageLayout.Pages(end), missing = Math.Max(0, wanted - _held);
        for (int page = from / PageLayout.Tokens; page < Math.Min(_held, wanted); page++)
        {
            missing += pool.IsShared(_numbers[page]) ? 1 : 0;
        }

        return missing;
    }

    /// <summary>Gives the pages back that hold none of the first tokens.</summary>
    public void Cut(int tokens)
    {
        while (_held > PageLayout.Pages(tokens))
        {
            _held--;
            pool.Release(_numbers[_held]);
        }
    }

    /// <summary>Adds the numbers of its pages in the pool.</summary>
    public void AddTo(ISet<int> numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        numbers.UnionWith(new ArraySegment<int>(_numbers, 0, _held));
    }

    /// <summary>Takes over the first tokens of another sequence, instead of what it has: full pages become common, of the last one it gets
    /// a copy.</summary>
    public void Share(PageTable other, int tokens)
    {
        ArgumentNullException.ThrowIfNull(other);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PageLayout.Pages(tokens), other._held, nameof(tokens));
        int full = tokens / PageLayout.Tokens;
        Cut(tokens);
        for (int page = 0; page < full; page++)
        {
            bool isHeld = page < _held;
            int old = _numbers[page], common = other._numbers[page];
            if (isHeld && old == common)
            {
                continue;
            }

            pool.Share(common);
            Put(page, common);
            if (isHeld)
            {
                pool.Release(old);
            }
            else
            {
                _held++;
            }
        }

        if (tokens % PageLayout.Tokens > 0)
        {
            Hold(full * PageLayout.Tokens, tokens);
            pool.Copy(other._numbers[full], _numbers[full]);
        }
    }

    /// <summary>Bytes that some tokens have in the tables of all layers.</summary>
    public long RowBytes(int tokens) => pool.Layout.RowBytes * tokens;

    /// <summary>Copies a run of the bytes that some tokens have in the tables, out of the pages.</summary>
    /// <param name="first">The first token.</param>
    /// <param name="count">Tokens.</param>
    /// <param name="begin">First byte of the run, of <see cref="RowBytes"/> of them.</param>
    /// <param name="bytes">Takes the run.</param>
    public void Save(int first, int count, long begin, Span<byte> bytes)
    {
        CheckRows(first, count);
        foreach ((int page, long at, int run, int length) in pool.Layout.Pieces(first, count, begin, bytes.Length))
        {
            pool.Bytes(_numbers[page], at, length).CopyTo(bytes[run..]);
        }
    }

    /// <summary>As <see cref="Save"/>, back into pages of the same model, tokens and type, which are taken where there are none. Where they
    /// are held already, several threads may put different runs back.</summary>
    public void Restore(int first, int count, long begin, ReadOnlySpan<byte> bytes)
    {
        CheckRows(first, count);
        Hold(first, Math.Min(first + count, context)); // the last page has room for more than the context
        foreach ((int page, long at, int run, int length) in pool.Layout.Pieces(first, count, begin, bytes.Length))
        {
            bytes.Slice(run, length).CopyTo(pool.Bytes(_numbers[page], at, length));
        }
    }

    private void CheckRows(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, (_numbers.Length * PageLayout.Tokens) - first);
    }

    private void Put(int page, int number) => (_numbers[page], Addresses[page]) = (number, pool.Address(number));
}
