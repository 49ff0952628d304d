using System.Globalization;

namespace LayerStream.Storage;

/// <summary>Bytes of a model could not be read. The buffer they were meant for holds nothing that may be used.</summary>
/// <param name="file">Path of the file.</param>
/// <param name="offset">Absolute byte offset of the range that was wanted.</param>
/// <param name="length">Its length in bytes.</param>
/// <param name="errno">Error number of the system; 0 when the read was short or never started.</param>
/// <param name="reason">What happened, in words.</param>
public sealed class FlashReadException(string file, long offset, long length, int errno, string reason) : IOException
{
    /// <summary>Path of the file.</summary>
    public string File { get; } = file;

    /// <summary>Absolute byte offset of the range that was wanted.</summary>
    public long Offset { get; } = offset;

    /// <summary>Length of that range in bytes.</summary>
    public long Length { get; } = length;

    /// <summary>Error number of the system, or 0.</summary>
    public int Errno { get; } = errno;

    /// <summary>What happened, in words.</summary>
    public string Reason { get; } = reason;

    /// <summary>Tensor the range belongs to, where known.</summary>
    public string? Tensor { get; init; }

    /// <inheritdoc/>
    public override string Message => string.Create(
        CultureInfo.InvariantCulture,
        $"Cannot read {Length} bytes at offset {Offset} of {File}{(Tensor is null ? "" : $" (tensor {Tensor})")}: "
            + $"{Reason}{(Errno == 0 ? "" : $" (errno {Errno})")}.");

    /// <summary>The same failure with the tensor named.</summary>
    public FlashReadException WithTensor(string tensor) => new(File, Offset, Length, Errno, Reason) { Tensor = tensor };
}
