using System.Globalization;
using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Kernels.Crew;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Benchmarks;

/// <summary>
/// The matrix products of a pass of 1 to 8 and 16 rows through the layers of a SmolLM2-135M shape by a crew (argument <c>widths</c>), in
/// milliseconds: 64 MB of weights with 4 bits, so that they come from memory. Types with blocks of 256 columns have 512 in place of 576.
/// </summary>
internal static unsafe class WidthRates
{
    private const int Layers = 30, MostTokens = 16, MostColumns = 1536;
    private const int RoomOf = 4 * MostTokens; // more bytes than a column of all rows has
    private static readonly int[] s_tokens = [1, 2, 3, 4, 5, 6, 7, 8, MostTokens];

    public static void Measure(TensorType type, ActivationMode mode, int threads)
    {
        using ComputeCrew crew = new(threads);
        ActivationLayout layout = MatMul.LayoutFor(type, mode);
        TensorTypeInfo info = TensorTypes.Get(type);
        int width = info.BlockSize == 256 ? 512 : 576;
        (int Rows, int Columns)[] matrices =
            [(width, width), (192, width), (192, width), (width, width), (1536, width), (1536, width), (width, 1536)];
        long layerBytes = matrices.Sum(m => TokenRates.BytesOf(m, info));
        void* weights = NativeMemory.AlignedAlloc((nuint)(layerBytes * Layers), 4096);
        new Span<byte>(weights, checked((int)(layerBytes * Layers))).Fill(0x33);
        float* x = (float*)NativeMemory.AlignedAlloc(MostColumns * sizeof(float), 64);
        float* y = (float*)NativeMemory.AlignedAlloc(MostColumns * MostTokens * sizeof(float), 64);
        byte* prepared = (byte*)NativeMemory.AlignedAlloc(2 * MostColumns * RoomOf, 64); // rows of n columns from n rooms on
        for (int i = 0; i < MostColumns; i++)
        {
            x[i] = MathF.Sin(i);
        }

        foreach (int columns in matrices.Select(matrix => matrix.Columns).Distinct())
        {
            for (int token = 0; token < MostTokens; token++)
            {
                long at = (columns * RoomOf) + (token * MatMul.RowBytes(layout, columns));
                MatMul.Prepare(layout, (nint)x, columns, (nint)(prepared + at));
            }
        }

        TokenRates.Rows rows = new() { Type = type, Layout = layout, Output = (nint)y, OutputStride = MostColumns };
        var times = new List<string>();
        foreach (int tokens in s_tokens)
        {
            rows.Tokens = tokens;
            times.Add((TokenRates.Best(Pass) * 1e3).ToString("F2", CultureInfo.InvariantCulture));
        }

        Console.WriteLine($"{type,-8} {string.Join(' ', times.Select(time => time.PadLeft(7)))}");
        NativeMemory.AlignedFree(weights);
        NativeMemory.AlignedFree(x);
        NativeMemory.AlignedFree(y);
        NativeMemory.AlignedFree(prepared);

        void Pass()
        {
            nint w = (nint)weights;
            for (int layer = 0; layer < Layers; layer++)
            {
                foreach ((int Rows, int Columns) matrix in matrices)
                {
                    (rows.Weights, rows.Columns, rows.Prepared) = (w, matrix.Columns, (nint)(prepared + (matrix.Columns * RoomOf)));
                    crew.Run(rows, matrix.Rows, TokenRates.Grain(matrix.Rows, threads));
                    w += (nint)TokenRates.BytesOf(matrix, info);
                }
            }
        }
    }
}
