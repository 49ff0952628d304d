using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Kernels.Quants.Bits;

namespace LayerStream.Kernels.Quants.Loops;

/// <summary>
/// The loop of the integer types at AVX2 and above: single rows while there are few tokens, else panels of sixteen rows that are unpacked
/// once and used for all tokens of a batch. An output has the same bits either way (see <see cref="IPanelKernel"/>). Of 16-bit activations
/// either digit is a row of 8-bit ones (<see cref="ActivationDigits"/>): weights are unpacked once for both, and their outputs are added.
/// </summary>
/// <param name="digits">Layout of a digit's row where activations have 16 bits.</param>
internal sealed unsafe class PanelLoop<TKernel>(ActivationLayout? digits = null) : MatMulLoop
    where TKernel : IPanelKernel
{
    private const int Rows = PanelLayout.Rows;

    /// <summary>Rows of 8-bit activations that a packed panel serves; their sums take 128 KiB.</summary>
    private const int RowsPerPanel = 256;

    /// <summary>Below these, unpacking rows that are not there, or for too few tokens, costs more than it saves.</summary>
    private const int FewestTokens = 4, FewestRows = 8;

    /// <summary>Rows that stay in the cache for the next of a few tokens.</summary>
    private const int RowsAtOnce = 64;

    /// <summary>Columns whose activations a kernel may copy to the stack to multiply single rows.</summary>
    private const int MostColumns = 1 << 16;

    /// <summary>Bytes of activations that are copied to the stack for several tokens: they stay in the second-level cache.</summary>
    private const int MostArrangedBytes = 256 << 10;

    private const int SumsOf = LaneSums.Lanes * Rows;

    /// <inheritdoc/>
    public override MatMulLoop OfDigits(ActivationLayout layout) => new PanelLoop<TKernel>(layout);

    /// <inheritdoc/>
    public override void Multiply(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, int tokens, float* y, long yStride)
    {
        long lowOffset = digits is { } layout ? ActivationRow.RowBytes(layout, columns) : 0;
        bool isSeveral = IsSeveral(tokens, lowOffset > 0, columns);
        bool areMany = tokens >= FewestTokens && rowEnd - rowBegin >= FewestRows;
        if ((areMany && !isSeveral) || columns > MostColumns)
        {
            Panels(weights, columns, rowBegin, rowEnd, activations, activationStride, lowOffset, tokens, y, yStride);
            return;
        }

        if (isSeveral)
        {
            Several(weights, columns, rowBegin, rowEnd, activations, activationStride, lowOffset, tokens, y, yStride);
            return;
        }

        long rowBytes = TKernel.RowBytes(columns);
        int rowsAtOnce = tokens == 1 ? rowEnd - rowBegin : RowsAtOnce;
        for (int row = rowBegin; row < rowEnd; row += rowsAtOnce)
        {
            FewTokens(weights + (row * rowBytes), Math.Min(rowsAtOnce, rowEnd - row), columns, activations, activationStride, lowOffset,
                tokens, y + row, yStride);
        }
    }

    /// <summary>Whether rows of activations are more than <see cref="TwoRows"/>, but not too many.</summary>
    private static bool IsSeveral(int tokens, bool areDigits, int columns)
    {
        int count = areDigits ? 2 * tokens : tokens;
        return count > 2 && count <= TKernel.MostSeveral && (long)count * TKernel.ArrangedBytes(columns) <= MostArrangedBytes;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Several(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, long lowOffset, int tokens,
        float* y, long yStride)
    {
        int count = lowOffset > 0 ? 2 * tokens : tokens, bytes = TKernel.ArrangedBytes(columns);
        byte* memory = stackalloc byte[(count * bytes) + 64];
        byte* arranged = (byte*)(((nint)memory + 63) & ~63), to = arranged;
        for (int token = 0; token < tokens; token++)
        {
            TKernel.Arrange(activations, columns, to);
            to += bytes;
            if (lowOffset > 0)
            {
                TKernel.Arrange(activations + lowOffset, columns, to);
                to += bytes;
            }

            activations += activationStride;
        }

        TKernel.Several(weights + (rowBegin * TKernel.RowBytes(columns)), rowEnd - rowBegin, columns, arranged,
            new SeveralOutputs(count, lowOffset > 0, y + rowBegin, yStride));
    }

    private static void FewTokens(
        byte* weights, int rows, int columns, byte* activations, long activationStride, long lowOffset, int tokens, float* y, long yStride)
    {
        for (int token = 0; token < tokens;)
        {
            byte* x = activations + (token * activationStride);
            float* to = y + (token * yStride);
            if (lowOffset > 0)
            {
                TKernel.Rows<DigitRows>(weights, rows, columns, x, lowOffset, to, yStride);
                token++;
            }
            else if (token + 2 <= tokens)
            {
                TKernel.Rows<TwoRows>(weights, rows, columns, x, activationStride, to, yStride);
                token += 2;
            }
            else
            {
                TKernel.Rows<OneRow>(weights, rows, columns, x, activationStride, to, yStride);
                token++;
            }
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panels(
        byte* weights, int columns, int rowBegin, int rowEnd, byte* activations, long activationStride, long lowOffset, int tokens,
        float* y, long yStride)
    {
        int most = Math.Min(tokens, lowOffset > 0 ? RowsPerPanel / 2 : RowsPerPanel);
        byte* memory = stackalloc byte[TKernel.PanelBytes + (RowsPerPanel * SumsOf * sizeof(float)) + 64];
        byte* panel = (byte*)(((nint)memory + 63) & ~63);
        float* sums = (float*)(panel + TKernel.PanelBytes);
        bool alternate = lowOffset > 0 && activationStride == 2 * lowOffset; // digits follow each other as tokens do
        long lowSums = lowOffset == 0 ? 0 : alternate ? SumsOf : most * SumsOf, sumsOf = alternate ? 2 * SumsOf : SumsOf;
        long rowBytes = TKernel.RowBytes(columns);
        for (int row = rowBegin; row < rowEnd; row += Rows)
        {
            int rows = Math.Min(Rows, rowEnd - row);
            for (int token = 0; token < tokens; token += most)
            {
                int width = Math.Min(most, tokens - token);
                byte* x = activations + (token * activationStride);
                new Span<float>(sums, (lowOffset > 0 ? 2 * most : width) * SumsOf).Clear();
                for (int column = 0; column < columns; column += PanelLayout.Columns)
                {
                    int count = Math.Min(PanelLayout.Columns, columns - column);
                    TKernel.Pack(weights + (row * rowBytes), rows, columns, column, count, panel);
                    if (alternate)
                    {
                        AddTokens(panel, columns, column, count, x, lowOffset, 2 * width, sums);
                        continue;
                    }

                    AddTokens(panel, columns, column, count, x, activationStride, width, sums);
                    if (lowOffset > 0)
                    {
                        AddTokens(panel, columns, column, count, x + lowOffset, activationStride, width, sums + lowSums);
                    }
                }

                for (int t = 0; t < width; t++)
                {
                    float* of = sums + (t * sumsOf);
                    Store(of, lowSums > 0 ? of + lowSums : null, y + ((token + t) * yStride) + row, rows);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTokens(byte* panel, int columns, int column, int count, byte* x, long stride, int tokens, float* sums)
    {
        int t = 0;
        for (; t + 4 <= tokens; t += 4)
        {
            TKernel.Add<FourTokens>(panel, columns, column, count, x + (t * stride), stride, sums + (t * SumsOf));
        }

        for (; t < tokens; t++)
        {
            TKernel.Add<OneToken>(panel, columns, column, count, x + (t * stride), stride, sums + (t * SumsOf));
        }
    }

    /// <summary>Writes the outputs of a token, those of its low digits added.</summary>
    private static void Store(float* sums, float* lowSums, float* y, int rows)
    {
        Debug.Assert(rows is >= 1 and <= Rows);
        Vector256<float> first = LaneSums.Total8(sums), second = LaneSums.Total8(sums + 8);
        if (lowSums != null)
        {
            first += LaneSums.Total8(lowSums);
            second += LaneSums.Total8(lowSums + 8);
        }

        if (rows == Rows)
        {
            first.Store(y);
            second.Store(y + 8);
            return;
        }

        for (int r = 0; r < rows; r++)
        {
            y[r] = r < 8 ? first[r] : second[r - 8];
        }
    }
}
