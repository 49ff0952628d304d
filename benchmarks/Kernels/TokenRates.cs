using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Benchmarks;

/// <summary>
/// The matrix products of one token of a Llama-1B shape by a crew (argument <c>token</c>): what a decode step would take if nothing came
/// between them, beside the time of reading the same bytes.
/// </summary>
internal static unsafe class TokenRates
{
    private const int Layers = 8;
    private static readonly (int Rows, int Columns)[] s_matrices =
        [(2048, 2048), (512, 2048), (512, 2048), (2048, 2048), (8192, 2048), (8192, 2048), (2048, 8192)];

    public static void Measure(TensorType type, ActivationMode mode, int threads)
    {
        using ComputeCrew crew = new(threads);
        ActivationLayout layout = MatMul.LayoutFor(type, mode);
        TensorTypeInfo info = TensorTypes.Get(type);
        long layerBytes = s_matrices.Sum(m => BytesOf(m, info));
        byte* weights = (byte*)NativeMemory.AlignedAlloc((nuint)(layerBytes * Layers), 4096);
        _ = Advise(weights, (nuint)(layerBytes * Layers), 14);
        new Span<byte>(weights, checked((int)(layerBytes * Layers))).Fill(0x33);
        float* x = (float*)NativeMemory.AlignedAlloc(8192 * 4, 64), y = (float*)NativeMemory.AlignedAlloc(8192 * 4, 64);
        byte* prepared = (byte*)NativeMemory.AlignedAlloc((nuint)MatMul.RowBytes(layout, 8192), 64);
        for (int i = 0; i < 8192; i++)
        {
            x[i] = MathF.Sin(i);
        }

        MatMul.Prepare(layout, (nint)x, 8192, (nint)prepared);
        Rows rows = new() { Type = type, Layout = layout, Prepared = (nint)prepared, Output = (nint)y };
        Reads reads = new();
        double whole = Best(() => Layer(0));
        double alone = Best(() =>
        {
            reads.Address = weights;
            crew.Run(reads, (int)(layerBytes * Layers >> 16), 16);
        });
        Console.WriteLine($"{type,-8} {layerBytes * Layers / whole / 1e9,9:F2} GB/s, plain reads {layerBytes * Layers / alone / 1e9:F2} "
            + "GB/s");
        double empty = Best(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                rows.Columns = 0;
                crew.Run(rows, 2048, 256);
            }
        });
        Console.WriteLine($"an empty run {empty * 1e6:F2} us/1000");
        for (int m = 0; m < s_matrices.Length && Environment.GetEnvironmentVariable("PFD") is null; m++)
        {
            int only = m;
            double seconds = Best(() => Layer(1 << only));
            long bytes = BytesOf(s_matrices[m], info) * Layers;
            Console.WriteLine($"  {s_matrices[m]} {bytes / seconds / 1e9,9:F2} GB/s {seconds / Layers * 1e6:F1} us");
        }

        NativeMemory.AlignedFree(weights);
        NativeMemory.AlignedFree(x);
        NativeMemory.AlignedFree(y);
        NativeMemory.AlignedFree(prepared);

        void Layer(int which)
        {
            byte* w = weights;
            for (int layer = 0; layer < Layers; layer++)
            {
                for (int m = 0; m < s_matrices.Length; m++)
                {
                    (rows.Weights, rows.Columns) = ((nint)w, s_matrices[m].Columns);
                    if (which == 0 || (which >> m & 1) != 0)
                    {
                        crew.Run(rows, s_matrices[m].Rows, Grain(s_matrices[m].Rows, threads));
                    }

                    w += BytesOf(s_matrices[m], info);
                }
            }
        }
    }

    /// <summary>Bytes of the weights of a matrix.</summary>
    internal static long BytesOf((int Rows, int Columns) matrix, TensorTypeInfo type) =>
        (long)matrix.Rows * matrix.Columns / type.BlockSize * type.BlockBytes;

    /// <summary>Rows that a thread takes at once, as a model's pass has it.</summary>
    internal static int Grain(int rows, int threads) =>
        (Math.Max(1, rows / (threads * 4)) + MatMul.PanelRows - 1) / MatMul.PanelRows * MatMul.PanelRows;

    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int Advise(void* address, nuint bytes, int advice);

    internal static double Best(Action action) => FastestRun.Of(action, 10, 0.7);

    /// <summary>Some tokens' products with some rows; the tokens' prepared rows and outputs follow each other.</summary>
    internal sealed class Rows : CrewJob
    {
        internal TensorType Type;
        internal ActivationLayout Layout;
        internal nint Weights, Prepared, Output;
        internal int Columns, Tokens = 1;
        internal long OutputStride;

        public override void Execute(int begin, int end, int worker)
        {
            if (Columns > 0)
            {
                MatMul.Multiply(new WeightRows(Type, Weights, Columns), new IndexRange(begin, end),
                    new PreparedRows(Layout, Prepared, MatMul.RowBytes(Layout, Columns), Tokens), new FloatRows(Output, OutputStride));
            }
        }
    }

    private sealed class Reads : CrewJob
    {
        internal byte* Address;

        public override void Execute(int begin, int end, int worker)
        {
            var sum = System.Runtime.Intrinsics.Vector256<long>.Zero;
            for (byte* at = Address + ((long)begin << 16), last = Address + ((long)end << 16); at < last; at += 128)
            {
                sum += System.Runtime.Intrinsics.Vector256.Load((long*)at) + System.Runtime.Intrinsics.Vector256.Load((long*)(at + 64));
            }

            GC.KeepAlive(sum);
        }
    }
}
