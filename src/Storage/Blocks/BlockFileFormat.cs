using System.Buffers.Binary;
using System.IO.Hashing;
using LayerStream.Formats;

namespace LayerStream.Storage.Blocks;

/// <summary>
/// Layout of a file of blocks, little-endian: magic with the version [8], bytes of the header [int32], of the description [int32] and of
/// the payload [int64], zeros [8], XXH128 of the header with these 16 bytes as zeros [16], the description, an XXH128 for each block of the
/// payload, zeros up to a multiple of 4,096; then the payload.
/// </summary>
public static class BlockFileFormat
{
    /// <summary>Bytes of each block of the payload but the last.</summary>
    public const int BlockBytes = 1 << 19;

    /// <summary>Most bytes of a description.</summary>
    public const int MostDescriptionBytes = 1 << 14;

    /// <summary>Bytes of a buffer that headers and blocks pass through.</summary>
    public const int StagingBytes = BlockBytes;

    internal const int SumBytes = 16;
    internal const int FixedBytes = 48;
    private const int SumOffset = 32;

    internal static ReadOnlySpan<byte> Magic => "LSBLOCK1"u8;

    /// <summary>Blocks of a payload.</summary>
    internal static int Blocks(long payloadBytes) => checked((int)((payloadBytes + BlockBytes - 1) / BlockBytes));

    /// <summary>Bytes of the header of a file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The header would not fit into a buffer.</exception>
    public static int HeaderBytes(int descriptionBytes, long payloadBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptionBytes, MostDescriptionBytes);
        long bytes = ExtentWindow.RoundUp(FixedBytes + descriptionBytes + ((long)SumBytes * Blocks(payloadBytes)));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, StagingBytes, nameof(payloadBytes));
        return (int)bytes;
    }

    /// <summary>Fills in what the format itself says; description and sums are there already.</summary>
    internal static void Seal(Span<byte> header, int descriptionBytes, long payloadBytes)
    {
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], header.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], descriptionBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], payloadBytes);
        header[24..FixedBytes].Clear();
        byte[] sum = XxHash128.Hash(header);
        sum.CopyTo(header[SumOffset..]);
    }

    /// <summary>What is wrong with the fixed fields, as the end of a sentence about the file; null when they can be trusted to size
    /// reads.</summary>
    /// <param name="begin">The first bytes of the file, at least the fixed fields.</param>
    /// <param name="fileBytes">Bytes of the whole file.</param>
    internal static string? FaultOfFields(ReadOnlySpan<byte> begin, long fileBytes)
    {
        if (!begin[..Magic.Length].SequenceEqual(Magic))
        {
            return "is of another kind or version";
        }

        (int header, int description, long payload) = Fields(begin);
        return description is < 0 or > MostDescriptionBytes || payload < 0 || payload > (long)StagingBytes / SumBytes * BlockBytes
            || FixedBytes + description + ((long)SumBytes * Blocks(payload)) > StagingBytes || header != HeaderBytes(description, payload)
            || fileBytes != header + payload ? "is not as long as it was written" : null;
    }

    /// <summary>What is wrong with a whole header; null when it is as it was written.</summary>
    internal static string? FaultOfSum(Span<byte> header)
    {
        Span<byte> sum = stackalloc byte[SumBytes];
        header.Slice(SumOffset, SumBytes).CopyTo(sum);
        header.Slice(SumOffset, SumBytes).Clear();
        return sum.SequenceEqual(XxHash128.Hash(header)) ? null : "has a header that was changed";
    }

    internal static (int HeaderBytes, int DescriptionBytes, long PayloadBytes) Fields(ReadOnlySpan<byte> header) =>
        (BinaryPrimitives.ReadInt32LittleEndian(header[8..]), BinaryPrimitives.ReadInt32LittleEndian(header[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[16..]));
}
