using LayerStream.Kernels.Ops;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// The parts of a sequence's state as runs of bytes: what a range of tokens has in the tables of all layers, one table behind the other,
/// and a recurrent state, one layer behind the other.
/// </summary>
internal sealed class StateTables
{
    private readonly (long Offset, long RowBytes)[] _tables; // where position 0 lies in the buffer of the state

    /// <param name="spec">The model.</param>
    /// <param name="context">Tokens that each table has room for.</param>
    /// <param name="type">Element type of keys and values.</param>
    /// <param name="layers">Where the area of each layer begins.</param>
    internal StateTables(ModelSpec spec, int context, KvType type, IReadOnlyList<long> layers)
    {
        List<(long, long)> tables = [];
        foreach (LayerSpec layer in spec.Layers)
        {
            long offset = layers[layer.Index];
            foreach (long row in layer.Mixer.StateRowBytes(type))
            {
                tables.Add((offset, row));
                offset += context * row;
            }
        }

        _tables = [.. tables];
        RowBytes = _tables.Sum(t => t.RowBytes);
    }

    /// <summary>Bytes of a token over all tables.</summary>
    internal long RowBytes { get; }

    /// <summary>The places of a run of bytes: in the state, in the run, and their length.</summary>
    /// <param name="first">The first token.</param>
    /// <param name="count">Tokens.</param>
    /// <param name="begin">First byte of the run among all that these tokens have.</param>
    /// <param name="bytes">Bytes of the run.</param>
    internal IEnumerable<(long At, int Run, int Length)> Pieces(int first, int count, long begin, int bytes)
    {
        long table = 0; // where its bytes begin among all
        foreach ((long offset, long rowBytes) in _tables)
        {
            long end = table + (rowBytes * count), from = Math.Max(begin, table), to = Math.Min(begin + bytes, end);
            if (from < to)
            {
                yield return (offset + (first * rowBytes) + from - table, (int)(from - begin), (int)(to - from));
            }

            table = end;
        }
    }
}
