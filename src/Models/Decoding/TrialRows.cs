using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>
/// What a pass over guesses leaves of the recurrent layers of a sequence. Their state is a sum over tokens that cannot be cut, so the rows
/// advance a copy of it, one layer after the other, and what they brought to it is kept: the rows that turn out right are taken over
/// from there, without the sweep.
/// </summary>
public sealed class TrialRows : IDisposable
{
    private readonly AlignedBuffer _buffer;
    private readonly long[] _layer; // where the inputs of a layer's rows begin, in bytes
    private readonly long[] _rowFloats;

    /// <summary>Allocates room for <paramref name="rows"/> rows of one sequence.</summary>
    public TrialRows(ModelSpec spec, int rows, BudgetAccount account)
    {
        Rows = rows;
        _rowFloats = [.. spec.Layers.Select(l => l.Mixer.TrialFloats)];
        _layer = new long[_rowFloats.Length];
        long offset = StateBytes(spec);
        for (int i = 0; i < _layer.Length; i++)
        {
            _layer[i] = offset;
            offset = checked(offset + (_rowFloats[i] * 4 * rows));
        }

        _buffer = account.Allocate(Bytes(spec, rows));
    }

    /// <summary>Most rows of a pass.</summary>
    public int Rows { get; }

    /// <summary>Bytes for that many rows of a sequence; 0 in a model without recurrent layers.</summary>
    public static long Bytes(ModelSpec spec, int rows) =>
        checked(StateBytes(spec) + spec.Layers.Sum(l => l.Mixer.TrialFloats * 4 * rows));

    /// <summary>The state that the rows of the layer under way advance.</summary>
    internal nint State => _buffer.Address;

    /// <summary>What a row brings to a layer's state.</summary>
    internal nint Row(int layer, int row) => _buffer.Address + (nint)(_layer[layer] + (_rowFloats[layer] * 4 * row));

    /// <summary>Makes <see cref="State"/> a copy of a layer's own.</summary>
    internal void Begin(nint state, long bytes) => VectorOps.Copy(state, State, checked((int)(bytes / 4)));

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private static long StateBytes(ModelSpec spec) => RowRoom.CacheLines(spec.Layers.Max(l => l.Mixer.StateBytesPerSequence) / 4) * 4;
}
