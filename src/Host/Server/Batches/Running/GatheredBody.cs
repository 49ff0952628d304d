using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Batches.Running;

/// <summary>The body of an answer that no client reads: it is gathered in memory that is paid for.</summary>
internal sealed class GatheredBody(RequestMemory.Holding memory) : Stream
{
    private const int StepBytes = 4 << 10;

    private byte[] _bytes = [];
    private int _count;

    /// <summary>What has been written.</summary>
    public Memory<byte> Written => _bytes.AsMemory(0, _count);

    /// <summary>Whether something did not fit.</summary>
    public bool IsOverdrawn { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => _count;

    /// <inheritdoc/>
    public override long Position
    {
        get => _count;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_count + buffer.Length > _bytes.Length)
        {
            int larger = checked(Math.Max(2 * _bytes.Length, _count + buffer.Length + StepBytes));
            if (!memory.TryGrow(larger)) // both are there while one is copied
            {
                IsOverdrawn = true;
                throw new ApiException(429, "rate_limit_error", "the answer does not fit into the memory for requests now",
                    "request_memory_full");
            }

            int smaller = _bytes.Length;
            Array.Resize(ref _bytes, larger);
            memory.ShrinkTo(memory.Bytes - smaller);
        }

        buffer.CopyTo(_bytes.AsSpan(_count));
        _count += buffer.Length;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, _count);
        _count = (int)value;
    }
}
