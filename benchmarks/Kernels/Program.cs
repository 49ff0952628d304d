using System.Globalization;
using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Benchmarks;

/// <summary>
/// Rates of the matrix products. Arguments: names of types (default: the common ones), <c>f32</c> for the reference mode or <c>int16</c>
/// for activations of 16 bits (8), <c>columns=N</c> for the length of a row (4096), <c>threads=N</c> for the threads of the first column
/// (1), <c>tokens=N</c> for those of the third (128), <c>against=DIR</c> for <see cref="BuildPairs"/> with another build of this program in
/// place of the table; or <c>token</c>, <c>widths</c> or <c>ops</c> for something else instead:
/// <see cref="TokenRates"/>, <see cref="WidthRates"/>, <see cref="LayerOpRates"/>.
/// </summary>
internal static unsafe class Program
{
    private const long MatrixBytes = 200L << 20;

    private static int s_columns = 4096, s_threads = 1, s_tokens = 128;

    private static void Main(string[] args)
    {
        if (args.Contains("ops"))
        {
            Console.WriteLine(Isa.Describe());
            LayerOpRates.Measure();
            return;
        }

        s_columns = Number(args, "columns=", s_columns);
        s_threads = Number(args, "threads=", s_threads);
        s_tokens = Number(args, "tokens=", s_tokens);

        ActivationMode mode = args.Contains("f32") ? ActivationMode.F32
            : args.Contains("int16") ? ActivationMode.Int16 : ActivationMode.Int8;
        string[] names = args.Where(a => a is not ("f32" or "int16") && !a.Contains('=', StringComparison.Ordinal)).ToArray();
        if (args.Contains("token") || args.Contains("widths"))
        {
            Console.WriteLine($"{Isa.Describe()}; {mode}");
            Action<TensorType, ActivationMode, int> measure = args.Contains("token") ? TokenRates.Measure : WidthRates.Measure;
            foreach (TensorTypeInfo type in TensorTypes.All.Where(type => names.Contains(type.Name)))
            {
                measure(type.Type, mode, s_threads);
            }

            return;
        }

        if (args.FirstOrDefault(a => a.StartsWith("against=", StringComparison.Ordinal)) is { } against)
        {
            foreach (string name in names)
            {
                BuildPairs.Measure(against[8..], name, mode, s_columns, s_tokens);
            }

            return;
        }

        nint weights = (nint)NativeMemory.AlignedAlloc((nuint)MatrixBytes, 4096);
        new Span<byte>((void*)weights, (int)MatrixBytes).Fill(0x33);
        Console.WriteLine($"{Isa.Describe()}; {mode}; plain read of the matrix {PlainRead(weights):F1} GB/s");
        Console.WriteLine("type     GEMV GB/s   in cache       GEMM GFLOP/s   prepare ns/row");
        foreach (TensorTypeInfo type in TensorTypes.All)
        {
            if (MatMul.Supports(type.Type) && (names.Length == 0 || names.Contains(type.Name)))
            {
                Measure(type.Type, (long)s_columns / type.BlockSize * type.BlockBytes, mode, weights);
            }
        }

        NativeMemory.AlignedFree((void*)weights);
    }

    private static int Number(string[] args, string name, int otherwise) =>
        args.FirstOrDefault(a => a.StartsWith(name, StringComparison.Ordinal)) is { } given
            ? int.Parse(given[name.Length..], CultureInfo.InvariantCulture) : otherwise;

    private static void Measure(TensorType type, long rowBytes, ActivationMode mode, nint weights)
    {
        int rows = (int)(MatrixBytes / rowBytes);
        int gemmRows = Math.Min(rows, 256);
        using Operands operands = new(type, mode, s_columns, s_tokens, rows);
        WeightRows matrix = new(type, weights, s_columns);
        (PreparedRows all, FloatRows results) = (operands.Activations, operands.Results);
        double gemv = Best(() => Parallel.For(0, s_threads, new ParallelOptions { MaxDegreeOfParallelism = s_threads },
            part => MatMul.Multiply(matrix,
                new IndexRange((int)((long)rows * part / s_threads), (int)((long)rows * (part + 1) / s_threads)),
                all with { Count = 1 }, results)));
        double cached = Best(() => MatMul.Multiply(matrix, new IndexRange(0, gemmRows), all with { Count = 1 }, results));
        double gemm = Best(() => MatMul.Multiply(matrix, new IndexRange(0, gemmRows), all, results));
        double prepare = Best(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                operands.Prepare(0);
            }
        });
        Console.WriteLine($"{type,-8} {rowBytes * rows / gemv / 1e9,9:F2} {rowBytes * gemmRows / cached / 1e9,11:F2} "
            + $"{2.0 * s_columns * gemmRows * s_tokens / gemm / 1e9,17:F1} {prepare * 1e6,16:F0}");
    }

    private static double Best(Action action) => FastestRun.Of(action, 4, 0.5);

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
