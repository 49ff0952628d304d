using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// A packed panel: sixteen rows, transposed so that a 32-bit lane is a row. 64 bytes (a quad) hold four columns of sixteen rows. Products
/// of bytes above 127 do not fit 16 bits: such bytes take two quads, magnitudes before signs (<see cref="SignedQuads"/>).
/// </summary>
internal static class PanelLayout
{
    /// <summary>Rows of a panel.</summary>
    public const int Rows = 16;

    /// <summary>Columns of a packed panel: with its activations it stays in the first- and second-level cache.</summary>
    public const int Columns = 2048;

    /// <summary>Floats between the scales and the offsets of blocks of 32 columns.</summary>
    public const int OffsetsOf = Rows * Columns / 32;

    /// <summary>Bytes of four columns.</summary>
    public const int QuadBytes = 4 * Rows;

    /// <summary>Bytes of the factors of a packed block of 256 columns: a quad per group of one scale, which has 32 columns where groups are
    /// wide, else 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FactorBytes(bool hasWideGroups) => hasWideGroups ? 8 * QuadBytes : 16 * QuadBytes;

    /// <summary>Bytes of its minimums: a quad per two groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MinBytes(bool hasWideGroups) => FactorBytes(hasWideGroups) / 2;

    /// <summary>Bytes of a packed block: quads, factors, minimums, d and dMin; with wide groups the last take four quads, two of them
    /// unused.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BlockBytes(int groupBytes, bool hasWideGroups) =>
        (16 * groupBytes) + FactorBytes(hasWideGroups) + MinBytes(hasWideGroups) + (hasWideGroups ? 4 * QuadBytes : 2 * QuadBytes);

    /// <summary>What follows the factors of a packed block with wide groups, for one row: its eight minimums, d and dMin.</summary>
    /// <param name="block">Staged block.</param>
    /// <param name="groups">Its eight scales.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<int> WideTail<T>(byte* block, out Vector128<short> groups)
        where T : IBlockSource
    {
        groups = T.WideGroups(block, out Vector128<short> mins);
        Vector128<float> scales = Vector128.Create(T.D(block), T.Form == BlockForm.Minimums ? T.DMin(block) : 0, 0, 0);
        return Vector256.Create(mins.AsInt32(), scales.AsInt32());
    }
}
