namespace LayerStream.Models.Decoding;

/// <summary>An expert in memory, valid until it is released.</summary>
/// <param name="Expert">Its number in the bank.</param>
/// <param name="Slot">Where the source keeps it.</param>
/// <param name="First">Address of the slab of the bank's first matrix.</param>
/// <param name="Second">Address of the slab of the second matrix.</param>
/// <param name="Third">Address of the slab of the third matrix, or 0.</param>
public readonly record struct ExpertLease(int Expert, int Slot, nint First, nint Second, nint Third)
{
    /// <summary>Address of the slab of a matrix of the bank.</summary>
    public nint Slab(int matrix) => matrix switch { 0 => First, 1 => Second, _ => Third };
}
