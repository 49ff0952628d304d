using System.Diagnostics;
using LayerStream.Formats;
using LayerStream.Kernels;
using LayerStream.Memory;
using LayerStream.Models;

namespace LayerStream.Host.Cli;

/// <summary>Measures how fast the matrix product consumes weights of a model's dominant type.</summary>
internal static class KernelProbe
{
    private const long BufferBytes = 64 << 20;

    /// <summary>Bytes of weights per second with one token on <paramref name="threads"/> threads.</summary>
    public static double MeasureBytesPerSecond(GgufModel model, ModelSpec spec, ActivationMode mode, int threads, TimeSpan time)
    {
        TensorInfo tensor = spec.Matrices.Select(m => m.Tensor).GroupBy(t => t.Type)
            .MaxBy(g => g.Sum(t => t.Extent.Length))!.MaxBy(t => t.Extent.Length)!;
        int columns = checked((int)tensor.Columns);
        int rows = (int)Math.Max(1, Math.Min(BufferBytes, int.MaxValue) / tensor.RowBytes);
        using AlignedBuffer weights = AlignedBuffer.Allocate(rows * tensor.RowBytes, "kernel probe weights");
        Fill(weights, model, tensor, rows);
        ActivationLayout layout = MatMul.LayoutFor(tensor.Type, mode);
        using AlignedBuffer input = AlignedBuffer.Allocate(4L * columns, "kernel probe input");
        using AlignedBuffer prepared = AlignedBuffer.Allocate(MatMul.RowBytes(layout, columns), "kernel probe activations");
        using AlignedBuffer output = AlignedBuffer.Allocate(4L * rows, "kernel probe output");
        Span<float> x = input.Floats(0, columns);
        for (int i = 0; i < columns; i++)
        {
            x[i] = MathF.Sin(i);
        }

        MatMul.Prepare(layout, input.Address, columns, prepared.Address);
        using ComputeCrew crew = new(threads);
        Job job = new(tensor.Type, weights.Address, columns, layout, prepared.Address, MatMul.RowBytes(layout, columns), output.Address, rows);
        crew.Run(job, rows, 64);
        crew.Run(job, rows, 64);
        long bytes = 0, start = Stopwatch.GetTimestamp();
        do
        {
            crew.Run(job, rows, 64);
            bytes += rows * tensor.RowBytes;
        }
        while (Stopwatch.GetElapsedTime(start) < time);
        return bytes / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Rows of the tensor itself, repeated: values as they occur.</summary>
    private static void Fill(AlignedBuffer weights, GgufModel model, TensorInfo tensor, int rows)
    {
        int row = checked((int)tensor.RowBytes);
        int have = (int)Math.Min(rows, tensor.Rows);
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(model.Files[tensor.Extent.File]);
        for (int r = 0; r < have; r++)
        {
            Span<byte> target = weights.Bytes((long)r * row, row);
            for (int done = 0; done < row;)
            {
                int got = RandomAccess.Read(file, target[done..], tensor.Extent.Offset + ((long)r * row) + done);
                done += got > 0 ? got : throw new EndOfStreamException($"The model file ends inside {tensor.Name}.");
            }
        }

        for (int r = have; r < rows; r++)
        {
            weights.Bytes((long)(r - have) * row, row).CopyTo(weights.Bytes((long)r * row, row));
        }
    }

    private sealed class Job(TensorType type, nint weights, int columns, ActivationLayout layout, nint activations, long stride, nint y, int rows) : CrewJob
    {
        public override void Execute(int begin, int end, int worker) =>
            MatMul.Multiply(type, weights, columns, begin, end, layout, activations, stride, 1, y, rows);
    }
}
