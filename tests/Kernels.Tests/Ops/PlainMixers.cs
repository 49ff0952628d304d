using LayerStream.Kernels.Ops;

namespace LayerStream.Kernels.Tests;

/// <summary>Attention, the delta rule, the convolution and the sum of experts as docs/arithmetic.md defines them, one value at a
/// time.</summary>
internal static class PlainMixers
{
    /// <summary>One head; rows of the cache are F32 or were widened.</summary>
    internal static float[] Attention(float[] query, float[][] keys, float[][] values, int firstKey, float scale, float? sink)
    {
        float maximum = sink ?? float.NegativeInfinity, sum = sink is null ? 0 : 1;
        float[] mixed = new float[values[0].Length];
        Span<float> parts = stackalloc float[8];
        for (int from = firstKey; from < keys.Length;)
        {
            int end = Math.Min(keys.Length, (from / 128 * 128) + 128), count = end - from;
            float[] weights = new float[(count + 7) / 8 * 8];
            Array.Fill(weights, float.NegativeInfinity);
            for (int j = 0; j < count; j++)
            {
                weights[j] = Dot(query, keys[from + j]) * scale;
            }

            float largest = MathF.Max(maximum, weights.Max());
            if (largest != maximum)
            {
                float fade = Plain.Exp(maximum - largest);
                (maximum, sum, mixed) = (largest, sum * fade, Plain.Each(mixed, v => v * fade));
            }

            parts.Clear();
            for (int j = 0; j < weights.Length; j++)
            {
                weights[j] = Plain.Exp(weights[j] - maximum);
                parts[j % 8] += weights[j];
            }

            sum += Plain.Fold(parts);
            for (int j = 0; j < (count + 3) / 4 * 4; j++)
            {
                float[] row = values[from + Math.Min(j, count - 1)]; // the last one stands in with weight 0
                float weight = weights[j];
                mixed = Plain.Each(mixed, row, (m, v) => Plain.Fma(weight, v, m));
            }

            from = end;
        }

        float inverse = sum > 0 ? 1 / sum : 0;
        return Plain.Each(mixed, v => v * inverse);
    }

    /// <summary>Sixteen running sums, eight for a rest of eight, then what is left one by one.</summary>
    internal static float Dot(float[] a, float[] b)
    {
        Span<float> s = stackalloc float[16], folded = stackalloc float[8];
        s.Clear();
        int whole = a.Length / 8 * 8, pairs = a.Length / 16 * 16;
        for (int i = 0; i < whole; i++)
        {
            int lane = i < pairs ? i % 16 : i % 8;
            s[lane] = Plain.Fma(a[i], b[i], s[lane]);
        }

        for (int lane = 0; lane < 8; lane++)
        {
            folded[lane] = s[lane] + s[lane + 8];
        }

        float sum = Plain.Fold(folded);
        for (int i = whole; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    /// <summary>One token, one column of one head's matrix; the column is updated, the output returned.</summary>
    internal static float Delta(float[] column, ReadOnlySpan<float> query, ReadOnlySpan<float> key, float value, float beta, float decay)
    {
        int whole = column.Length / 4 * 4;
        Span<float> parts = stackalloc float[4];
        parts.Clear();
        for (int i = 0; i < column.Length; i++)
        {
            ref float part = ref parts[i < whole ? i % 4 : 0];
            part = Plain.Fma(column[i], key[i], part);
        }

        float recalled = parts[0] + parts[1] + (parts[2] + parts[3]);
        float d = beta * Plain.Fma(-decay, recalled, value);
        parts.Clear();
        for (int i = 0; i < column.Length; i++)
        {
            ref float part = ref parts[i < whole ? i % 4 : 0];
            column[i] = Plain.Fma(key[i], d, column[i] * decay);
            part = Plain.Fma(column[i], query[i], part);
        }

        return parts[0] + parts[1] + (parts[2] + parts[3]);
    }

    internal static (float Beta, float Decay) Gates(float b, float a, float rate, float bias) =>
        ((float)(1 / (1 + Elementary.Exp(-(double)b))), (float)Elementary.Exp(rate * Elementary.Softplus(a + bias)));

    /// <summary>One output of the convolution from its taps, oldest first.</summary>
    internal static float Convolve(ReadOnlySpan<float> weights, ReadOnlySpan<float> inputs)
    {
        float sum = weights[0] * inputs[0];
        for (int j = 1; j < weights.Length; j++)
        {
            sum = Plain.Fma(weights[j], inputs[j], sum);
        }

        return Plain.Silu(sum, 1);
    }

    /// <summary>Softmax of a router's logits.</summary>
    internal static float[] Softmax(ReadOnlySpan<float> logits)
    {
        float largest = logits.ToArray().Max();
        float[] e = Plain.Each(logits, v => Plain.Exp(v - largest));
        double sum = 0;
        foreach (float v in e)
        {
            sum += v;
        }

        double inverse = 1 / sum;
        return Plain.Each(e, v => (float)(v * inverse));
    }
}
