using System.Buffers.Binary;
using System.Globalization;
using LayerStream.Planning.Batches;

namespace LayerStream.Actors.Kept;

/// <summary>The name of a piece's file, and what the file says of itself: model [16], scope [16], parent [16], kind [int32], first
/// position [int32], tokens [int32] and their ids [int32 each].</summary>
internal static class PieceFile
{
    /// <summary>Ending of the files of pieces.</summary>
    internal const string Ending = ".kept";

    private const int FixedBytes = 60;
    private const char PageMark = 'p';
    private const char SnapshotMark = 's';

    /// <summary>Name of the file of a piece.</summary>
    internal static string Name(KeptPiece piece)
    {
        char kind = piece.Kind == KeptKind.Page ? PageMark : SnapshotMark;
        return string.Create(CultureInfo.InvariantCulture,
            $"{piece.Parent:x32}-{piece.First}-{kind}{piece.Count}-{piece.Name:x32}{Ending}");
    }

    /// <summary>The piece whose file has a name; null when it is no such name.</summary>
    internal static KeptPiece? Parse(string name, long bytes)
    {
        string[] parts = name.EndsWith(Ending, StringComparison.Ordinal) ? name[..^Ending.Length].Split('-') : [];
        bool isPage = parts.Length == 4 && parts[2].StartsWith(PageMark);
        return parts.Length == 4 && (isPage || parts[2].StartsWith(SnapshotMark))
            && UInt128.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 parent)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            && int.TryParse(parts[2].AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && UInt128.TryParse(parts[3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 own)
            && first % KeptPieces.PageTokens == 0 && count <= KeptPieces.PageTokens && first <= int.MaxValue - count
            ? new KeptPiece(isPage ? KeptKind.Page : KeptKind.Snapshot, parent, own, first, count, bytes) : null;
    }

    /// <summary>What the file of a piece says of itself.</summary>
    internal static byte[] Describe(KeptPiece piece, UInt128 model, UInt128 scope, IReadOnlyList<int> tokens)
    {
        byte[] bytes = new byte[FixedBytes + (sizeof(int) * tokens.Count)];
        WriteFixed(bytes, piece, model, scope);
        for (int i = 0; i < tokens.Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(FixedBytes + (i * sizeof(int))), tokens[i]);
        }

        return bytes;
    }

    /// <summary>Who may use the piece that a file's description is of; null when it is none.</summary>
    internal static UInt128? Scope(ReadOnlySpan<byte> description) =>
        description.Length < FixedBytes ? null : BinaryPrimitives.ReadUInt128LittleEndian(description[16..]);

    /// <summary>Tokens of a file's description; null when it is not that of the piece, the model and whoever asks.</summary>
    internal static int[]? Tokens(ReadOnlySpan<byte> description, KeptPiece piece, UInt128 model, UInt128 scope)
    {
        Span<byte> expected = stackalloc byte[FixedBytes];
        WriteFixed(expected, piece, model, scope);
        if (description.Length != FixedBytes + (sizeof(int) * piece.Count) || !description[..FixedBytes].SequenceEqual(expected))
        {
            return null;
        }

        int[] tokens = new int[piece.Count];
        for (int i = 0; i < tokens.Length; i++)
        {
            tokens[i] = BinaryPrimitives.ReadInt32LittleEndian(description[(FixedBytes + (i * sizeof(int)))..]);
        }

        return StateNames.OfTokens(piece.Parent, tokens) == piece.Name ? tokens : null;
    }

    private static void WriteFixed(Span<byte> bytes, KeptPiece piece, UInt128 model, UInt128 scope)
    {
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, model);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[16..], scope);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[32..], piece.Parent);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[48..], (int)piece.Kind);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[52..], piece.First);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[56..], piece.Count);
    }
}
