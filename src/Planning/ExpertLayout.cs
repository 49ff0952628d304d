using LayerStream.Formats;
using LayerStream.Models.Spec;

namespace LayerStream.Planning;

/// <summary>
/// Where the slabs of one expert of a bank lie in the file and in a slot: one page-rounded window behind the other, in the order of the
/// matrices. Worked out once, because the data plane asks for every expert it reads or hands out.
/// </summary>
public sealed class ExpertLayout
{
    private readonly long[] _begin;   // [matrix] its window in the slot

    /// <summary>Lays out a bank; a slot holds whichever of its experts.</summary>
    public ExpertLayout(ExpertBank bank)
    {
        (Bank, ExpertBytes) = (bank, bank.ExpertBytes);
        _begin = new long[bank.Matrices.Count];
        for (int m = 0; m < _begin.Length; m++)
        {
            _begin[m] = SlotBytes;
            SlotBytes += Enumerable.Range(0, bank.Experts).Max(e => Slab(m, e).Window.Length);
        }
    }

    /// <summary>The bank.</summary>
    public ExpertBank Bank { get; }

    /// <summary>Matrices of an expert.</summary>
    public int Matrices => _begin.Length;

    /// <summary>Bytes of one expert.</summary>
    public long ExpertBytes { get; }

    /// <summary>Bytes of a slot, a multiple of 4096.</summary>
    public long SlotBytes { get; }

    /// <summary>Where an expert's slab of a matrix lies in the file.</summary>
    public Extent Slab(int matrix, int expert) => Bank.Matrices[matrix].Slab(expert);

    /// <summary>Bytes from the slot's begin to the window of a matrix.</summary>
    public long WindowBegin(int matrix) => _begin[matrix];

    /// <summary>Bytes from the slot's begin to an expert's slab of a matrix.</summary>
    public long SlabBegin(int matrix, int expert) => _begin[matrix] + Slab(matrix, expert).Window.PayloadOffset;
}
