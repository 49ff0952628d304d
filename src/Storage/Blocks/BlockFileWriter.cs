using System.IO.Hashing;
using LayerStream.Memory;
using LayerStream.Storage.Writing;

namespace LayerStream.Storage.Blocks;

/// <summary>Writes files of blocks with a sum for each: whole under another name, then renamed, readable by their owner only.</summary>
public static class BlockFileWriter
{
    /// <summary>Ending of the names under which files are written.</summary>
    public const string UnfinishedEnding = ".part";

    /// <summary>Writes a file; nothing is left of it when it fails or is given up.</summary>
    /// <param name="path">Its path; what is there is replaced.</param>
    /// <param name="description">What it says of itself.</param>
    /// <param name="payloadBytes">Bytes behind that, at least 1.</param>
    /// <param name="staging">Buffer of <see cref="BlockFileFormat.StagingBytes"/>.</param>
    /// <param name="fill">Gives the payload at an offset; false gives the file up.</param>
    /// <returns>Whether the file is there.</returns>
    /// <exception cref="IOException">It cannot be written, or the disk has no room for it.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static bool Write(string path, ReadOnlySpan<byte> description, long payloadBytes, AlignedBuffer staging, FillBlock fill)
    {
        ArgumentNullException.ThrowIfNull(staging);
        ArgumentNullException.ThrowIfNull(fill);
        int headerBytes = BlockFileFormat.HeaderBytes(description.Length, payloadBytes);
        string part = path + UnfinishedEnding;
        bool isWhole = false;
        try
        {
            using (DirectOutput output = DirectOutput.Open(part, headerBytes + payloadBytes, isPrivate: true))
            {
                isWhole = WriteBlocks(output, description, payloadBytes, headerBytes, staging, fill);
            }

            if (isWhole)
            {
                File.Move(part, path, overwrite: true);
            }

            return isWhole;
        }
        finally
        {
            if (!isWhole)
            {
                File.Delete(part);
            }
        }
    }

    private static bool WriteBlocks(DirectOutput output, ReadOnlySpan<byte> description, long payloadBytes, int headerBytes,
        AlignedBuffer staging, FillBlock fill)
    {
        byte[] sums = new byte[BlockFileFormat.SumBytes * BlockFileFormat.Blocks(payloadBytes)];
        for (long done = 0, block = 0; done < payloadBytes; done += BlockFileFormat.BlockBytes, block++)
        {
            int length = (int)Math.Min(BlockFileFormat.BlockBytes, payloadBytes - done);
            Span<byte> bytes = staging.Bytes(0, length);
            if (!fill(done, bytes))
            {
                return false;
            }

            XxHash128.Hash(bytes, sums.AsSpan((int)block * BlockFileFormat.SumBytes));
            Write(output, staging, length, headerBytes + done);
        }

        Span<byte> header = staging.Bytes(0, headerBytes);
        header.Clear();
        description.CopyTo(header[BlockFileFormat.FixedBytes..]);
        sums.CopyTo(header[(BlockFileFormat.FixedBytes + description.Length)..]);
        BlockFileFormat.Seal(header, description.Length, payloadBytes);
        Write(output, staging, headerBytes, 0);
        return true;
    }

    /// <summary>Where writes go through the page cache, it never holds more than a block.</summary>
    private static void Write(DirectOutput output, AlignedBuffer staging, int length, long offset)
    {
        output.Write(staging, 0, length, offset);
        if (output.FallbackReason is not null)
        {
            output.Sync();
        }
    }
}
