using System.Globalization;
using LayerStream.Formats;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Actors.Ring;

/// <summary>
/// Cuts an expert into reads: its slabs lie in different tensors, and a large slab is read in pieces, so that the threads of the reader
/// end a burst of a few experts together.
/// </summary>
internal sealed class ExpertReads(ExpertPlan plan, FlashReader reader, IReadOnlyList<string> files)
{
    /// <summary>Reads that one expert of a bank takes.</summary>
    internal int Count(int bank, int expert)
    {
        int count = 0;
        ExpertLayout layout = plan.Layouts[bank];
        for (int m = 0; m < layout.Matrices; m++)
        {
            count += ReaderWork.Pieces(layout.Slab(m, expert));
        }

        return count;
    }

    /// <summary>Submits the reads of one expert into a slot; each calls the completion with the tag.</summary>
    internal void Submit(int bank, int expert, nint slot, long tag, IReadCompletion completion, bool urgent)
    {
        ExpertLayout layout = plan.Layouts[bank];
        for (int m = 0; m < layout.Matrices; m++)
        {
            Extent slab = layout.Slab(m, expert);
            nint window = slot + (nint)layout.WindowBegin(m) - (nint)slab.Window.Offset;
            int pieces = ReaderWork.Pieces(slab);
            for (int p = 0; p < pieces; p++)
            {
                Extent piece = ReaderWork.Piece(slab, p);
                reader.Submit(new ReadRequest(piece, window + (nint)piece.Window.Offset, piece.Window.Length, tag, completion), urgent);
            }
        }
    }

    /// <summary>The failure of a read of one of a bank's experts, with the tensor and the expert named.</summary>
    internal FlashReadException Named(FlashReadException error, int bank)
    {
        foreach (ExpertMatrix matrix in plan.Layouts[bank].Bank.Matrices)
        {
            int file = Enumerable.Range(0, files.Count).FirstOrDefault(f => files[f] == error.File, -1);
            if (matrix.At(file, error.Offset) is var (tensor, expert))
            {
                return error.WithTensor(string.Create(CultureInfo.InvariantCulture, $"{tensor.Name}, expert {expert}"));
            }
        }

        return error;
    }
}
