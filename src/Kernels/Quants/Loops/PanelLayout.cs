using System.Runtime.CompilerServices;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// A packed panel: sixteen rows, transposed so that a 32-bit lane is a row. 64 bytes (a quad) hold four columns of sixteen rows; bytes
/// above
/// 127 may take two such, the high nibbles before the low ones (two planes), because products of whole ones do not fit 16 bits.
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

    /// <summary>Bytes of sixteen columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int GroupBytes(int mostValue) => mostValue > 127 ? 8 * QuadBytes : 4 * QuadBytes;

    /// <summary>Largest byte of a plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PlaneMost(int mostValue) => mostValue > 127 ? 15 : mostValue;

    /// <summary>Bytes of the factors of a packed block of 256 columns.</summary>
    public const int FactorBytes = 16 * QuadBytes;

    /// <summary>Bytes of its minimums.</summary>
    public const int MinBytes = 8 * QuadBytes;

    /// <summary>Bytes of its d and dMin.</summary>
    public const int ScaleBytes = 2 * QuadBytes;
}
