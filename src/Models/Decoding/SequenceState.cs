using System.Runtime.InteropServices;
using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Decoding;

/// <summary>State of one sequence: per layer an area for <see cref="Context"/> tokens and a fixed part, laid out by the layer's
/// mixer.</summary>
public sealed class SequenceState : IDisposable
{
    private const ushort PositiveInfinity = 0x7C00; // as bits of F16
    private const ushort NegativeInfinity = 0xFC00;

    private readonly AlignedBuffer _buffer;
    private readonly AlignedBuffer? _snapshot;
    private readonly long[] _offset;
    private readonly long[] _snapshotOffset;
    private readonly long[] _snapshotBytes;
    private KeyValueRangeException? _fault;

    /// <summary>Allocates room for <paramref name="context"/> tokens, and for a copy of what has a fixed size if it is to be
    /// kept.</summary>
    public SequenceState(ModelSpec spec, int context, KvType type, BudgetAccount account, bool keepsSnapshot = false)
    {
        Type = type;
        Context = context;
        _offset = new long[spec.Layers.Count];
        long offset = 0;
        foreach (LayerSpec layer in spec.Layers)
        {
            _offset[layer.Index] = offset;
            offset = checked(offset + LayerBytes(layer, context, type));
        }

        _buffer = account.Allocate(Bytes(spec, context, type));
        _snapshotBytes = [.. spec.Layers.Select(l => l.Mixer.StateBytesPerSequence)];
        _snapshotOffset = new long[spec.Layers.Count];
        for (int i = 1; i < _snapshotOffset.Length; i++)
        {
            _snapshotOffset[i] = _snapshotOffset[i - 1] + Aligned(_snapshotBytes[i - 1]);
        }

        IsRecurrent = SnapshotBytes(spec) > 0;
        _snapshot = keepsSnapshot && IsRecurrent ? account.Allocate(SnapshotBytes(spec)) : null;
    }

    /// <summary>Bytes of a copy of what has a fixed size, over all layers; 0 where every layer's state can be cut at any token.</summary>
    public static long SnapshotBytes(ModelSpec spec) => spec.Layers.Sum(l => Aligned(l.Mixer.StateBytesPerSequence));

    /// <summary>Bytes for a sequence of <paramref name="context"/> tokens over all layers.</summary>
    public static long Bytes(ModelSpec spec, int context, KvType type)
    {
        long bytes = 0;
        foreach (LayerSpec layer in spec.Layers)
        {
            bytes = checked(bytes + LayerBytes(layer, context, type));
        }

        return bytes;
    }

    /// <summary>Whether some layer's state has a fixed size, so that it cannot be cut back to fewer tokens.</summary>
    public bool IsRecurrent { get; }

    /// <summary>Whether there is room for a snapshot.</summary>
    public bool KeepsSnapshot => _snapshot is not null;

    /// <summary>Room for trying rows that may turn out wrong; null = there is none.</summary>
    public TrialRows? Trial { get; init; }

    /// <summary>Whether the rows of the next pass leave recurrent layers as they are until they are taken over.</summary>
    public bool Tries { get; set; }

    /// <summary>Tokens behind which every recurrent layer copies its state as it comes past; 0 = never.</summary>
    public int SnapshotAt { get; set; }

    /// <summary>Element type of keys and values.</summary>
    public KvType Type { get; }

    /// <summary>Most tokens it can hold.</summary>
    public int Context { get; }

    /// <summary>
    /// The first value that the type of keys and values cannot hold, or null. What a sequence computes behind it is void, and nothing of
    /// it may leave; the other sequences of the pass are as they would be without it.
    /// </summary>
    public KeyValueRangeException? Fault => Volatile.Read(ref _fault);

    /// <summary>Bytes of one element.</summary>
    public int ElementBytes => Type == KvType.F16 ? 2 : 4;

    private static long LayerBytes(LayerSpec layer, int context, KvType type)
    {
        long bytes = checked((context * layer.Mixer.StateBytesPerToken(type)) + layer.Mixer.StateBytesPerSequence);
        return Aligned(bytes);
    }

    private static long Aligned(long bytes) =>
        checked((bytes + BranchSpec.StateAlignment - 1) / BranchSpec.StateAlignment * BranchSpec.StateAlignment);

    /// <summary>Copies the fixed part of a layer's state, which stands behind <see cref="SnapshotAt"/> tokens now.</summary>
    internal void TakeSnapshot(int layer)
    {
        if (_snapshot is not null)
        {
            Copy(_buffer, _offset[layer], _snapshot, _snapshotOffset[layer], _snapshotBytes[layer]);
        }
    }

    /// <summary>Puts every layer's fixed part back to the snapshot.</summary>
    /// <exception cref="InvalidOperationException">There is no room for one.</exception>
    public void RestoreSnapshot()
    {
        AlignedBuffer snapshot = _snapshot ?? throw new InvalidOperationException("a state without a snapshot cannot be put back");
        for (int layer = 0; layer < _offset.Length; layer++)
        {
            Copy(snapshot, _snapshotOffset[layer], _buffer, _offset[layer], _snapshotBytes[layer]);
        }
    }

    private static void Copy(AlignedBuffer from, long fromOffset, AlignedBuffer to, long toOffset, long bytes)
    {
        for (long done = 0; done < bytes;)
        {
            int length = (int)Math.Min(bytes - done, 1 << 30);
            from.Bytes(fromOffset + done, length).CopyTo(to.Bytes(toOffset + done, length));
            done += length;
        }
    }

    /// <summary>Another sequence begins at position 0.</summary>
    public void Restart() => Volatile.Write(ref _fault, null);

    /// <summary>Zeroes the first bytes of a layer's area.</summary>
    internal void Clear(int layer, long bytes)
    {
        for (long done = 0; done < bytes;)
        {
            int length = (int)Math.Min(bytes - done, 1 << 30);
            _buffer.Bytes(_offset[layer] + done, length).Clear();
            done += length;
        }
    }

    /// <summary>A head's keys or values in a table whose rows hold all heads side by side.</summary>
    /// <param name="table">Row of position 0.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="head">The head.</param>
    /// <param name="elements">Elements of one head.</param>
    internal CachedRows Head(nint table, int width, int head, int elements) =>
        new(table + (nint)((long)head * elements * ElementBytes), (long)width * ElementBytes, elements, Type);

    /// <summary>Writes floats as elements of a table of keys or values, from element <paramref name="at"/> on; sets
    /// <see cref="Fault"/>.</summary>
    internal void Store(nint source, nint table, long at, int n)
    {
        nint destination = table + (nint)(at * ElementBytes);
        if (Type == KvType.F16)
        {
            VectorOps.FloatToHalf(source, destination, n);
            CheckRange(destination, n);
        }
        else
        {
            VectorOps.Copy(source, destination, n);
        }
    }

    /// <summary>Notes a value that became infinite; one that is no number stays one and is seen in the logits.</summary>
    private void CheckRange(nint halves, int n)
    {
        Span<ushort> bits = MemoryMarshal.Cast<byte, ushort>(_buffer.Bytes(halves - _buffer.Address, n * 2));
        if (bits.ContainsAny(PositiveInfinity, NegativeInfinity))
        {
            int at = bits.IndexOfAny(PositiveInfinity, NegativeInfinity);
            Interlocked.CompareExchange(ref _fault, OutOfRange(halves - _buffer.Address, bits[at] == PositiveInfinity), null);
        }
    }

    // Apart, because a captured variable is allocated where its method begins, for every row.
    private KeyValueRangeException OutOfRange(nint offset, bool isPositive) =>
        new(Array.FindLastIndex(_offset, o => o <= offset), isPositive);

    /// <summary>Address of a layer's area.</summary>
    public nint Area(int layer) => _buffer.Address + (nint)_offset[layer];

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffer.Dispose();
        _snapshot?.Dispose();
    }
}
