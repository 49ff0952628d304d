using System.Globalization;
using System.Text;
using LayerStream.Formats;
using LayerStream.Planning;

namespace LayerStream.Actors.Tracing;

/// <summary>
/// Reads of a trace as an I/O log of fio, version 2 (fio's documentation, "Trace file format"): every read in the order of submission, cut
/// and rounded to pages as the reader does. No waits: <c>fio --read_iolog</c> then gives the rate at which the device serves these very
/// reads.
/// </summary>
internal static class FioLogWriter
{
    private const int BufferBytes = 1 << 16;

    internal static void Write(TraceFile trace, Stream output)
    {
        TraceEvent[] loads = [.. trace.Events.Where(e => e.Kind == TraceKind.Load).OrderBy(e => e.StartTicks)];
        if (loads.Length == 0 || trace.Files.Length == 0)
        {
            throw new InvalidDataException(loads.Length == 0
                ? "The trace has no reads: the model was in memory, or older events were overwritten."
                : "The trace does not say where its tiles lie: it was saved by an older version. Record it again with run --trace.");
        }

        int[] files = [.. loads.SelectMany(e => trace.Reads.Of(e.Tile).ToArray()).Select(e => e.File).Distinct().Order()];
        foreach (int file in files)
        {
            if (trace.Files[file].AsSpan().ContainsAny(' ', '\n', ':'))
            {
                throw new InvalidDataException($"fio cannot name the file '{trace.Files[file]}': the path holds a space, a colon or a "
                    + "line end. Use a link without.");
            }
        }

        using StreamWriter text = new(output, new UTF8Encoding(false), BufferBytes, leaveOpen: true) { NewLine = "\n" };
        text.WriteLine("fio version 2 iolog");
        WriteActions(text, trace, files, "add");
        WriteActions(text, trace, files, "open");
        foreach (TraceEvent load in loads)
        {
            foreach (Extent range in trace.Reads.Of(load.Tile))
            {
                WriteReads(text, trace.Files[range.File], range, load.Tile >= trace.FirstExpertTile && trace.FirstExpertTile >= 0);
            }
        }

        WriteActions(text, trace, files, "close");
    }

    private static void WriteActions(StreamWriter text, TraceFile trace, int[] files, string action)
    {
        foreach (int file in files)
        {
            text.WriteLine($"{trace.Files[file]} {action}");
        }
    }

    private static void WriteReads(StreamWriter text, string path, Extent range, bool isSlab)
    {
        int pieces = isSlab ? ReaderWork.Pieces(range) : 1;
        for (int p = 0; p < pieces; p++)
        {
            Extent piece = isSlab ? ReaderWork.Piece(range, p) : range;
            ExtentWindow window = piece.Window;
            text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path} read {window.Offset} {window.Length}"));
        }
    }
}
