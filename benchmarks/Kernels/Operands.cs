using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Benchmarks;

/// <summary>What a matrix is multiplied with, and room for what comes of it.</summary>
internal sealed unsafe class Operands : IDisposable
{
    private readonly nint _row, _prepared, _results;
    private readonly int _columns;

    /// <param name="type">Type of the weights.</param>
    /// <param name="mode">Activations.</param>
    /// <param name="columns">Columns of a row.</param>
    /// <param name="tokens">Rows of activations, all alike.</param>
    /// <param name="rows">Rows of weights.</param>
    public Operands(TensorType type, ActivationMode mode, int columns, int tokens, int rows)
    {
        ActivationLayout layout = MatMul.LayoutFor(type, mode);
        long stride = MatMul.RowBytes(layout, columns);
        _columns = columns;
        (_row, _prepared, _results) = (Memory(4L * columns), Memory(stride * tokens), Memory(4L * rows * tokens));
        for (int i = 0; i < columns; i++)
        {
            ((float*)_row)[i] = MathF.Sin(i);
        }

        Activations = new PreparedRows(layout, _prepared, stride, tokens);
        Results = new FloatRows(_results, rows);
        for (int token = 0; token < tokens; token++)
        {
            Prepare(token);
        }
    }

    public PreparedRows Activations { get; }

    public FloatRows Results { get; }

    /// <summary>Prepares a row of activations.</summary>
    public void Prepare(int token) => MatMul.Prepare(Activations.Layout, _row, _columns, Activations[token]);

    public void Dispose()
    {
        NativeMemory.AlignedFree((void*)_row);
        NativeMemory.AlignedFree((void*)_prepared);
        NativeMemory.AlignedFree((void*)_results);
    }

    private static nint Memory(long bytes) => (nint)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
}
