using System.IO.Hashing;
using LayerStream.Formats;
using LayerStream.Memory;

namespace LayerStream.Storage.Blocks;

/// <summary>Reads a file of blocks, past the page cache where the file system can. Nothing of it is handed out whose sum does not
/// agree.</summary>
public sealed class BlockFileReader : IDisposable
{
    private readonly FlashDevice _device;
    private readonly AlignedBuffer _staging;
    private readonly byte[] _header;
    private readonly int _descriptionBytes;

    private BlockFileReader(FlashDevice device, AlignedBuffer staging, byte[] header)
    {
        (_device, _staging, _header) = (device, staging, header);
        (_, _descriptionBytes, PayloadBytes) = BlockFileFormat.Fields(header);
    }

    /// <summary>What the file says of itself.</summary>
    public ReadOnlySpan<byte> Description => _header.AsSpan(BlockFileFormat.FixedBytes, _descriptionBytes);

    /// <summary>Bytes of the payload.</summary>
    public long PayloadBytes { get; }

    /// <summary>Opens a file and reads its header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="staging">Buffer of <see cref="BlockFileFormat.StagingBytes"/>, used until this object is disposed of.</param>
    /// <exception cref="BlockFileException">It is not what was written.</exception>
    /// <exception cref="FlashReadException">It cannot be opened or read.</exception>
    public static BlockFileReader Open(string path, AlignedBuffer staging)
    {
        ArgumentNullException.ThrowIfNull(staging);
        FlashDevice device = FlashDevice.Open(path, staging);
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
            return new BlockFileReader(device, staging, header);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Reads the payload in order.</summary>
    /// <param name="take">Receives each piece with its offset.</param>
    /// <exception cref="BlockFileException">A piece is not what was written; nothing of it was handed out.</exception>
    /// <exception cref="FlashReadException">It cannot be read.</exception>
    public void Read(TakeBlock take)
    {
        ArgumentNullException.ThrowIfNull(take);
        for (long done = 0; done < PayloadBytes; done += BlockFileFormat.BlockBytes)
        {
            int length = (int)Math.Min(BlockFileFormat.BlockBytes, PayloadBytes - done);
            Fill(_device, _header.Length + done, length, _staging);
            ReadOnlySpan<byte> block = _staging.Bytes(0, length), sum = _header.AsSpan(
                BlockFileFormat.FixedBytes + _descriptionBytes + (int)(done / BlockFileFormat.BlockBytes * BlockFileFormat.SumBytes),
                BlockFileFormat.SumBytes);
            ThrowIf(_device.Files[0], sum.SequenceEqual(XxHash128.Hash(block)) ? null : "has bytes that were changed");
            take(done, block);
        }
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
