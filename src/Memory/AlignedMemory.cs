using System.Buffers;

namespace LayerStream.Memory;

/// <summary>An <see cref="AlignedBuffer"/> as memory that streams read into. It neither owns nor outlives the buffer.</summary>
/// <param name="buffer">The buffer; at most 2 GiB.</param>
public sealed unsafe class AlignedMemory(AlignedBuffer buffer) : MemoryManager<byte>
{
    /// <inheritdoc/>
    public override Span<byte> GetSpan() => buffer.Bytes(0, checked((int)buffer.Length));

    /// <inheritdoc/>
    /// <remarks>Native memory does not move: the handle is its address.</remarks>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, buffer.Length);
        return new MemoryHandle((void*)(buffer.Address + elementIndex), default, this);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
