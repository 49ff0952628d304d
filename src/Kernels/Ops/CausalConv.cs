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
    /// output[t, c] = SiLU(Σ_j weights[c, j] · raw[t − taps + 1 + j, c]) for all tokens and the channels [channelBegin, channelEnd); rows
    /// before the first come from the state, which then holds the last taps − 1 raw rows.
    /// </summary>
    /// <param name="weights">[channels][taps] floats; the last tap belongs to the current token.</param>
    /// <param name="taps">1 to <see cref="MaxTaps"/>.</param>
    /// <param name="channels">Channels of the layer: stride of the state.</param>
    /// <param name="channelBegin">First channel.</param>
    /// <param name="channelEnd">One past the last channel.</param>
    /// <param name="rows">Raw rows of consecutive tokens of one sequence; row t at rows + t · rowStride floats, channel 0 first.</param>
    /// <param name="rowStride">Floats.</param>
    /// <param name="tokens">Rows.</param>
    /// <param name="state">[taps − 1][channels] floats, oldest row first, zero at the start of a sequence; updated.</param>
    /// <param name="output">Rows of results; may be <paramref name="rows"/> with the same stride.</param>
    /// <param name="outputStride">Floats.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of taps is not supported.</exception>
    public static void Advance(
        nint weights, int taps, int channels, int channelBegin, int channelEnd, nint rows, long rowStride, int tokens, nint state,
        nint output, long outputStride)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(taps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(taps, MaxTaps);
        float* transposed = stackalloc float[taps * PanelChannels];
        float* kept = stackalloc float[taps * PanelChannels];
        for (int c = channelBegin; c < channelEnd; c += PanelChannels)
        {
            int width = Math.Min(PanelChannels, channelEnd - c);
            Transpose((float*)weights + ((long)c * taps), taps, width, transposed);
            var history = new History((float*)rows + c, rowStride, (float*)state + c, channels, taps - 1);
            for (int j = 0; j < taps - 1; j++)
            {
                CopyRow(history.Row(tokens - taps + 1 + j), kept + (j * PanelChannels), width);
            }

            // From the last row to the first: a row may be overwritten once no later one needs it raw.
            for (int t = tokens - 1; t >= 0; t--)
            {
                OneRow(transposed, taps, history, t, (float*)output + (t * outputStride) + c, width);
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
