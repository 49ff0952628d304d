using System.IO.Hashing;
using LayerStream.Formats;
using LayerStream.Memory;

namespace LayerStream.Storage.Blocks;

/// <summary>Reads a file of blocks, past the page cache where the file system can. Nothing of it is handed out whose sum does not
/// agree.</summary>
public sealed class BlockFileReader : IDisposable
{
    private readonly FlashDevice _device;
    private readonly byte[] _header;
    private readonly int _descriptionBytes;

    private BlockFileReader(FlashDevice device, byte[] header)
    {
        (_device, _header) = (device, header);
        (_, _descriptionBytes, PayloadBytes) = BlockFileFormat.Fields(header);
    }

    /// <summary>What the file says of itself.</summary>
    public ReadOnlySpan<byte> Description => _header.AsSpan(BlockFileFormat.FixedBytes, _descriptionBytes);

    /// <summary>Bytes of the payload.</summary>
    public long PayloadBytes { get; }

    /// <summary>Blocks of the payload.</summary>
    public int Blocks => BlockFileFormat.Blocks(PayloadBytes);

    /// <summary>Whether reads bypass the page cache.</summary>
    public bool IsDirect => _device.IsDirect;

    /// <summary>Opens a file and reads its header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="staging">Buffer of <see cref="BlockFileFormat.StagingBytes"/>, which is free afterwards.</param>
    /// <param name="isDirect">Whether reads of files beside it bypass the page cache, which spares trials; null finds out.</param>
    /// <exception cref="BlockFileException">It is not what was written.</exception>
    /// <exception cref="FlashReadException">It cannot be opened or read.</exception>
    public static BlockFileReader Open(string path, AlignedBuffer staging, bool? isDirect = null)
    {
        ArgumentNullException.ThrowIfNull(staging);
        FlashDevice device = FlashDevice.Open(path, staging, isDirect);
        try
        {
            long length = device.FileLength(0);
            if (length < ExtentWindow.Alignment)
            {
                throw new BlockFileException(path, "is not as long as it was written");
            }

            Fill(device, 0, ExtentWindow.Alignment, staging);
            ThrowIf(path, BlockFileFormat.FaultOfFields(staging.Bytes(0, ExtentWindow.Alignment), length));
            byte[] header = new byte[BlockFileFormat.Fields(staging.Bytes(0, ExtentWindow.Alignment)).HeaderBytes];
            if (header.Length > ExtentWindow.Alignment)
            {
                Fill(device, 0, header.Length, staging);
            }

            staging.Bytes(0, header.Length).CopyTo(header);
            ThrowIf(path, BlockFileFormat.FaultOfFields(header, length) ?? BlockFileFormat.FaultOfSum(header));
            return new BlockFileReader(device, header);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Reads the payload in order.</summary>
    /// <param name="staging">Buffer of <see cref="BlockFileFormat.StagingBytes"/>.</param>
    /// <param name="take">Receives each block with its offset.</param>
    /// <exception cref="BlockFileException">A block is not what was written; nothing of it was handed out.</exception>
    /// <exception cref="FlashReadException">It cannot be read.</exception>
    public void Read(AlignedBuffer staging, TakeBlock take)
    {
        for (int block = 0; block < Blocks; block++)
        {
            Read(block, staging, take);
        }
    }

    /// <summary>Reads a block. Safe for use by several threads with a buffer each.</summary>
    /// <param name="block">Its number.</param>
    /// <param name="staging">Buffer of <see cref="BlockFileFormat.StagingBytes"/>.</param>
    /// <param name="take">Receives the block with its offset.</param>
    /// <exception cref="BlockFileException">It is not what was written; nothing of it was handed out.</exception>
    /// <exception cref="FlashReadException">It cannot be read.</exception>
    public void Read(int block, AlignedBuffer staging, TakeBlock take)
    {
        ArgumentNullException.ThrowIfNull(staging);
        ArgumentNullException.ThrowIfNull(take);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)Blocks, nameof(block));
        long begin = (long)block * BlockFileFormat.BlockBytes;
        int length = (int)Math.Min(BlockFileFormat.BlockBytes, PayloadBytes - begin);
        Fill(_device, _header.Length + begin, length, staging);
        ReadOnlySpan<byte> bytes = staging.Bytes(0, length), sum = _header.AsSpan(
            BlockFileFormat.FixedBytes + _descriptionBytes + (block * BlockFileFormat.SumBytes), BlockFileFormat.SumBytes);
        ThrowIf(_device.Files[0], sum.SequenceEqual(XxHash128.Hash(bytes)) ? null : "has bytes that were changed");
        take(begin, bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();

    private static void Fill(FlashDevice device, long offset, int length, AlignedBuffer staging)
    {
        if (PayloadRead.Fill(device, new Extent(0, offset, length), staging.Address, out _) is { } error)
        {
            throw error;
        }
    }

    private static void ThrowIf(string path, string? fault)
    {
        if (fault is not null)
        {
            throw new BlockFileException(path, fault);
        }
    }
}
