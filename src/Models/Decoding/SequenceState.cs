using LayerStream.Kernels;
using LayerStream.Memory;

namespace LayerStream.Models;

/// <summary>Keys and values of one sequence: per layer a K area [context × KvHeads·KeyDim], then a V area [context × KvHeads·ValueDim].</summary>
public sealed class SequenceState : IDisposable
{
    private readonly AlignedBuffer _buffer;
    private readonly long[] _keyOffset;
    private readonly long[] _valueOffset;

    /// <summary>Allocates room for <paramref name="context"/> tokens.</summary>
    public SequenceState(ModelSpec spec, int context, KvType type)
    {
        Type = type;
        Context = context;
        _keyOffset = new long[spec.Layers.Count];
        _valueOffset = new long[spec.Layers.Count];
        long offset = 0;
        foreach (LayerSpec layer in spec.Layers)
        {
            _keyOffset[layer.Index] = offset;
            offset = checked(offset + (long)context * layer.KvHeads * layer.KeyDim * ElementBytes);
            _valueOffset[layer.Index] = offset;
            offset = checked(offset + (long)context * layer.KvHeads * layer.ValueDim * ElementBytes);
        }

        _buffer = AlignedBuffer.Allocate(Math.Max(4096, offset), "KV cache");
    }

    /// <summary>Element type of keys and values.</summary>
    public KvType Type { get; }

    /// <summary>Most tokens it can hold.</summary>
    public int Context { get; }

    /// <summary>Bytes of one element.</summary>
    public int ElementBytes => Type == KvType.F16 ? 2 : 4;

    /// <summary>Address of the K area of a layer.</summary>
    public nint Keys(int layer) => _buffer.Address + (nint)_keyOffset[layer];

    /// <summary>Address of the V area of a layer.</summary>
    public nint Values(int layer) => _buffer.Address + (nint)_valueOffset[layer];

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
