using LayerStream.Formats;

namespace LayerStream.Planning;

/// <summary>How reads are cut and how many threads make them: what a run does, and what measures the device for a plan.</summary>
public static class ReaderWork
{
    /// <summary>An expert's slab is read in pieces of about this size, so that the threads of a burst finish together.</summary>
    public const long PieceBytes = 1 << 20;

    /// <summary>Threads of the reader that dense reads leave to demanded experts, so that a burst does not wait behind them.</summary>
    public const int DemandThreads = 4;

    private const int Page = 4096;

    /// <summary>Threads of the reader for tiles that stream.</summary>
    public static int StreamThreads(int depth) => Math.Clamp(depth, 2, 8);

    /// <summary>Pieces of a slab.</summary>
    public static int Pieces(Extent slab) => (int)Math.Max(1, (slab.Length + (PieceBytes / 2)) / PieceBytes);

    /// <summary>A piece of a slab; between two pieces lies a border of pages.</summary>
    public static Extent Piece(Extent slab, int piece)
    {
        int pieces = Pieces(slab);
        long begin = slab.Offset / Page * Page, pages = ((slab.Offset + slab.Length + Page - 1) / Page) - (slab.Offset / Page);
        long first = Math.Max(slab.Offset, begin + (pages * piece / pieces * Page));
        long end = Math.Min(slab.Offset + slab.Length, begin + (pages * (piece + 1) / pieces * Page));
        return new Extent(slab.File, first, end - first);
    }
}
