using LayerStream.Formats;

namespace LayerStream.Planning;

/// <summary>How reads are cut and how many threads make them: what a run does, and what measures the device for a plan.</summary>
public static class ReaderWork
{
    /// <summary>An expert's slab is read in pieces of about this size: a request costs the processor as much as some hundred thousand
    /// bytes, and a system cuts longer ones.</summary>
    public const long PieceBytes = 4 << 20;

    private const int MostStreaming = 8;
    private const int Demanding = 4;
    private const int Foreseeing = 6; // two experts of three slabs; with more each comes later, and all together no sooner

    /// <summary>
    /// Reads at the same time: as many as there are tiles ahead, from 2 to 8, and 4 more for experts that are demanded. Where no tile
    /// streams, 6 are for experts that are foreseen.
    /// </summary>
    /// <param name="memory">What streams.</param>
    /// <param name="readsInFlight">Reads that the user wants; 0 = choose.</param>
    public static ReaderShare Share(MemoryPlan memory, int readsInFlight)
    {
        int streaming = memory.PrefetchDepth == 0 ? Foreseeing : Math.Clamp(memory.PrefetchDepth, 2, MostStreaming),
            demanding = memory.Experts.AllResident ? 0 : Demanding;
        int reads = readsInFlight > 0 ? readsInFlight : streaming + demanding;
        return new ReaderShare(reads, Math.Min(demanding, reads / 2));
    }

    /// <summary>Pieces of a slab.</summary>
    public static int Pieces(Extent slab) => (int)Math.Max(1, (slab.Length + (PieceBytes / 2)) / PieceBytes);

    /// <summary>A piece of a slab; between two pieces lies a border of pages.</summary>
    public static Extent Piece(Extent slab, int piece)
    {
        int pieces = Pieces(slab);
        ExtentWindow window = slab.Window;
        long first = Math.Max(slab.Offset, window.Offset + (window.Pages * piece / pieces * ExtentWindow.Alignment));
        long end = Math.Min(slab.End, window.Offset + (window.Pages * (piece + 1) / pieces * ExtentWindow.Alignment));
        return new Extent(slab.File, first, end - first);
    }
}
