using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// How keys and values lie in a page: the tables of all layers one behind the other, in each a row for each of the page's tokens. A
/// page has as many tokens as attention takes for a block, so that a block's rows follow each other in memory. Layers with a window may
/// lie apart from the others.
/// </summary>
public sealed class PageLayout
{
    /// <summary>Tokens of a page.</summary>
    public const int Tokens = Attention.BlockKeys;

    private readonly (long Offset, long RowBytes)[] _tables; // where they begin in a page
    private readonly long[] _layers;

    /// <param name="spec">The model.</param>
    /// <param name="type">Element type of keys and values.</param>
    /// <param name="isHere">Which layers lie in the pages; null = all.</param>
    public PageLayout(ModelSpec spec, KvType type, Func<int, bool>? isHere = null)
    {
        ArgumentNullException.ThrowIfNull(spec);
        Type = type;
        _layers = new long[spec.Layers.Count];
        List<(long, long)> tables = [];
        long offset = 0;
        foreach (LayerSpec layer in spec.Layers)
        {
            _layers[layer.Index] = offset;
            foreach (long row in isHere is null || isHere(layer.Index) ? layer.Mixer.StateRowBytes(type) : [])
            {
                tables.Add((offset, row));
                offset = checked(offset + (Tokens * row));
            }
        }

        (_tables, PageBytes, RowBytes) = ([.. tables], offset, offset / Tokens);
    }

    /// <summary>Element type of keys and values.</summary>
    public KvType Type { get; }

    /// <summary>Bytes of a page.</summary>
    public long PageBytes { get; }

    /// <summary>Bytes of a token over all tables.</summary>
    public long RowBytes { get; }

    /// <summary>The same for some layers of the model only.</summary>
    public PageLayout Only(ModelSpec spec, Func<int, bool> isHere) => new(spec, Type, isHere);

    /// <summary>Pages that some tokens need.</summary>
    public static int Pages(int tokens) => (int)(((long)tokens + Tokens - 1) / Tokens);

    /// <summary>Where a layer's first table begins in a page, in bytes.</summary>
    internal long Offset(int layer) => _layers[layer];

    /// <summary>The layer that a byte of a page belongs to.</summary>
    internal int LayerAt(long offset) => Array.FindLastIndex(_layers, o => o <= offset);

    /// <summary>The places of a run of the bytes that some tokens have, one table behind the other: number of the page in the sequence,
    /// offset in it, offset in the run, and their length.</summary>
    /// <param name="first">The first token.</param>
    /// <param name="count">Tokens.</param>
    /// <param name="begin">First byte of the run among all that these tokens have.</param>
    /// <param name="bytes">Bytes of the run.</param>
    internal IEnumerable<(int Page, long At, int Run, int Length)> Pieces(int first, int count, long begin, int bytes)
    {
        long table = 0; // where its bytes begin among all
        foreach ((long offset, long rowBytes) in _tables)
        {
            long end = table + (rowBytes * count), to = Math.Min(begin + bytes, end), room = rowBytes * Tokens;
            for (long from = Math.Max(begin, table); from < to;)
            {
                (long page, long at) = Math.DivRem((first * rowBytes) + from - table, room);
                int length = (int)Math.Min(to - from, room - at);
                yield return ((int)page, offset + at, (int)(from - begin), length);
                from += length;
            }

            table = end;
        }
    }
}
