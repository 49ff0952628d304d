using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LayerStream.Kernels.Ops;

/// <summary>
/// Causal depthwise convolution followed by SiLU, F32, on the calling thread. An output's bits do not depend on how a sequence is
/// cut into calls nor on the range of channels of a call.
/// </summary>
public static unsafe class CausalConv
{
    /// <summary>Most taps a convolution may have.</summary>
    public const int MaxTaps = 16;

    private const int PanelChannels = 64; // bounds the stack to 8 KiB; whole cache lines of a row

    /// <summary>
    /// output[t, c] = SiLU(Σ_j weights[c, j] · raw[t − taps + 1 + j, c]) for all tokens and some channels c; rows before the first come
    /// from the state, which then holds the last taps − 1 raw rows.
    /// </summary>
    /// <param name="filter">The weights of all channels.</param>
    /// <param name="range">Channels of this call.</param>
    /// <param name="rows">Raw rows of consecutive tokens of one sequence, channel 0 first.</param>
    /// <param name="tokens">Rows.</param>
    /// <param name="state">[taps − 1][channels] floats, oldest row first, zero at the start of a sequence; updated.</param>
    /// <param name="output">Rows of results; may be <paramref name="rows"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of taps is not supported.</exception>
    public static void Advance(in ConvFilter filter, IndexRange range, FloatRows rows, int tokens, nint state, FloatRows output)
    {
        (nint weights, int taps, int channels) = filter;
        ArgumentOutOfRangeException.ThrowIfLessThan(taps, 1, nameof(filter));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(taps, MaxTaps, nameof(filter));
        float* transposed = stackalloc float[taps * PanelChannels];
        float* kept = stackalloc float[taps * PanelChannels];
        for (int c = range.Begin; c < range.End; c += PanelChannels)
        {
            int width = Math.Min(PanelChannels, range.End - c);
            Transpose((float*)weights + ((long)c * taps), taps, width, transposed);
            var history = new History((float*)rows.Address + c, rows.Stride, (float*)state + c, channels, taps - 1);
            for (int j = 0; j < taps - 1; j++)
            {
                CopyRow(history.Row(tokens - taps + 1 + j), kept + (j * PanelChannels), width);
            }

            // From the last row to the first: a row may be overwritten once no later one needs it raw.
            for (int t = tokens - 1; t >= 0; t--)
            {
                OneRow(transposed, taps, history, t, (float*)output.At(t, c), width);
            }

            for (int j = 0; j < taps - 1; j++)
            {
                CopyRow(kept + (j * PanelChannels), (float*)state + ((long)j * channels) + c, width);
            }
        }
    }

    private static void OneRow(float* transposed, int taps, in History history, int t, float* output, int width)
    {
        float** inputs = stackalloc float*[MaxTaps];
        for (int j = 0; j < taps; j++)
        {
            inputs[j] = history.Row(t - taps + 1 + j);
        }

        int c = 0;
        for (; c <= width - Lanes.Count; c += Lanes.Count)
        {
            Vector256<float> sum = Vector256.Load(transposed + c) * Vector256.Load(inputs[0] + c);
            for (int j = 1; j < taps; j++)
            {
                sum = Lanes.MultiplyAdd(Vector256.Load(transposed + (j * PanelChannels) + c), Vector256.Load(inputs[j] + c), sum);
            }

            SiluUnit.Apply(sum, Vector256<float>.One).Store(output + c);
        }

        for (; c < width; c++)
        {
            float sum = transposed[c] * inputs[0][c];
            for (int j = 1; j < taps; j++)
            {
                sum = Lanes.MultiplyAdd(transposed[(j * PanelChannels) + c], inputs[j][c], sum);
            }

            output[c] = SiluUnit.Apply(sum, 1f);
        }
    }

    private static void Transpose(float* weights, int taps, int width, float* transposed)
    {
        for (int c = 0; c < width; c++)
        {
            for (int j = 0; j < taps; j++)
            {
                transposed[(j * PanelChannels) + c] = weights[(c * taps) + j];
            }
        }
    }

    private static void CopyRow(float* source, float* destination, int width) =>
        Unsafe.CopyBlockUnaligned(destination, source, (uint)(width * sizeof(float)));

    /// <summary>Raw rows by index: 0 is the first of the call, −1 the newest of the state.</summary>
    private readonly struct History(float* rows, long rowStride, float* state, long stateStride, int kept)
    {
        public float* Row(int t) => t < 0 ? state + ((kept + t) * stateStride) : rows + (t * rowStride);
    }
}
