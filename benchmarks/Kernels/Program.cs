using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Benchmarks;

/// <summary>
/// Single-thread rates of the matrix products. Arguments: names of types (default: the common ones), <c>f32</c> for the reference mode,
/// <c>columns=N</c> for the length of a row (4096), <c>ops</c> for the operators between matrix products instead.
/// </summary>
internal static unsafe class Program
{
    private const long MatrixBytes = 200L << 20;
    private const int Tokens = 64;

    private static int Columns = 4096;

    private static readonly (TensorType Type, int BlockElements, int BlockBytes)[] Types =
    [
        (TensorType.F32, 1, 4), (TensorType.F16, 1, 2), (TensorType.BF16, 1, 2), (TensorType.Q8_0, 32, 34), (TensorType.Q4_0, 32, 18),
        (TensorType.Q4_1, 32, 20), (TensorType.Q5_0, 32, 22), (TensorType.Q5_1, 32, 24), (TensorType.IQ4_NL, 32, 18), (TensorType.MXFP4, 32, 17),
        (TensorType.IQ1_S, 256, 50), (TensorType.IQ1_M, 256, 56), (TensorType.IQ2_XXS, 256, 66), (TensorType.IQ2_XS, 256, 74), (TensorType.IQ2_S, 256, 82),
        (TensorType.IQ3_XXS, 256, 98), (TensorType.IQ3_S, 256, 110),
        (TensorType.Q2_K, 256, 84), (TensorType.Q3_K, 256, 110), (TensorType.Q4_K, 256, 144), (TensorType.Q5_K, 256, 176), (TensorType.Q6_K, 256, 210),
        (TensorType.IQ4_XS, 256, 136), (TensorType.NVFP4, 64, 36), (TensorType.Q1_0, 128, 18), (TensorType.Q2_0, 64, 18), (TensorType.TQ1_0, 256, 54),
        (TensorType.TQ2_0, 256, 66),
    ];

    private static void Main(string[] args)
    {
        if (args.Contains("ops"))
        {
            Console.WriteLine(Isa.Describe());
            LayerOpRates.Measure();
            return;
        }

        if (args.FirstOrDefault(a => a.StartsWith("columns=", StringComparison.Ordinal)) is { } columns)
        {
            Columns = int.Parse(columns[8..], CultureInfo.InvariantCulture);
            args = [.. args.Where(a => a != columns)];
        }

        ActivationMode mode = args.Contains("f32") ? ActivationMode.F32 : ActivationMode.Int8;
        string[] names = args.Where(a => a != "f32").ToArray();
        nint weights = (nint)NativeMemory.AlignedAlloc((nuint)MatrixBytes, 4096);
        new Span<byte>((void*)weights, (int)MatrixBytes).Fill(0x33);
        Console.WriteLine($"{Isa.Describe()}; {mode}; plain read of the matrix {PlainRead(weights):F1} GB/s");
        Console.WriteLine("type     GEMV GB/s   in cache   GEMM-64 GFLOP/s   prepare ns/row");
        foreach ((TensorType type, int elements, int bytes) in Types)
        {
            if (MatMul.Supports(type) && (names.Length == 0 || names.Contains(type.ToString())))
            {
                Measure(type, (long)Columns / elements * bytes, mode, weights);
            }
        }

        NativeMemory.AlignedFree((void*)weights);
    }

    private static void Measure(TensorType type, long rowBytes, ActivationMode mode, nint weights)
    {
        int rows = (int)(MatrixBytes / rowBytes);
        int gemmRows = Math.Min(rows, 256);
        ActivationLayout layout = MatMul.LayoutFor(type, mode);
        long stride = MatMul.RowBytes(layout, Columns);
        nint x = (nint)NativeMemory.AlignedAlloc((nuint)(4 * Columns), 64);
        nint a = (nint)NativeMemory.AlignedAlloc((nuint)(stride * Tokens), 64);
        nint y = (nint)NativeMemory.AlignedAlloc((nuint)(4L * rows * Tokens), 64);
        for (int i = 0; i < Columns; i++)
        {
            ((float*)x)[i] = MathF.Sin(i);
        }

        for (int t = 0; t < Tokens; t++)
        {
            MatMul.Prepare(layout, x, Columns, a + (nint)(t * stride));
        }

        double gemv = Best(() => MatMul.Multiply(type, weights, Columns, 0, rows, layout, a, stride, 1, y, rows));
        double cached = Best(() => MatMul.Multiply(type, weights, Columns, 0, gemmRows, layout, a, stride, 1, y, rows));
        double gemm = Best(() => MatMul.Multiply(type, weights, Columns, 0, gemmRows, layout, a, stride, Tokens, y, rows));
        double prepare = Best(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                MatMul.Prepare(layout, x, Columns, a);
            }
        });
        Console.WriteLine($"{type,-8} {rowBytes * rows / gemv / 1e9,9:F2} {rowBytes * gemmRows / cached / 1e9,11:F2} {2.0 * Columns * gemmRows * Tokens / gemm / 1e9,17:F1} {prepare * 1e6,16:F0}");
        NativeMemory.AlignedFree((void*)x);
        NativeMemory.AlignedFree((void*)a);
        NativeMemory.AlignedFree((void*)y);
    }

    /// <summary>Seconds of the fastest run of at least four and of half a second.</summary>
    private static double Best(Action action)
    {
        action();
        double best = double.MaxValue;
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < 4 || Stopwatch.GetElapsedTime(begin).TotalSeconds < 0.5; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    private static double PlainRead(nint address)
    {
        double seconds = Best(() =>
        {
            var sum = System.Runtime.Intrinsics.Vector512<long>.Zero;
            for (long i = 0; i < MatrixBytes; i += 64)
            {
                sum += System.Runtime.Intrinsics.Vector512.Load((long*)(address + i));
            }

            if (sum[0] == 1)
            {
                Console.WriteLine();
            }
        });
        return MatrixBytes / seconds / 1e9;
    }
}
