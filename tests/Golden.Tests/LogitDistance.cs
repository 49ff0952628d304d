namespace LayerStream.Golden.Tests;

/// <summary>How far logits are from the reference.</summary>
/// <param name="Worst">Largest difference of a logit.</param>
/// <param name="Divergence">Mean Kullback-Leibler divergence over the positions.</param>
/// <param name="SameBest">Share of the positions with the same best id.</param>
/// <param name="MedianWorst">Median over the positions of the largest difference.</param>
internal readonly record struct LogitDistance(double Worst, double Divergence, double SameBest, double MedianWorst)
{
    /// <summary>Compares rows of logits with the reference's rows.</summary>
    internal static LogitDistance Between(GoldenCase golden, IReadOnlyList<float[]> actual)
    {
        double[] worst = new double[actual.Count];
        double divergence = 0;
        int same = 0;
        for (int row = 0; row < actual.Count; row++)
        {
            ReadOnlySpan<float> expected = golden.Logits.AsSpan(row * golden.Vocabulary, golden.Vocabulary);
            double expectedSum = LogSumOfExp(expected), actualSum = LogSumOfExp(actual[row]);
            for (int i = 0; i < golden.Vocabulary; i++)
            {
                double difference = Math.Abs(actual[row][i] - expected[i]);
                worst[row] = difference <= worst[row] ? worst[row] : difference; // NaN wins
                divergence += Math.Exp(expected[i] - expectedSum) * (expected[i] - expectedSum - (actual[row][i] - actualSum));
            }

            same += IndexOfMax(expected) == IndexOfMax(actual[row]) ? 1 : 0;
        }

        double all = worst.Any(double.IsNaN) ? double.NaN : worst.Max();
        return new LogitDistance(all, divergence / actual.Count, (double)same / actual.Count, worst.Order().ElementAt(actual.Count / 2));
    }

    internal static int IndexOfMax(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }

    private static double LogSumOfExp(ReadOnlySpan<float> x)
    {
        double most = double.NegativeInfinity, sum = 0;
        foreach (float value in x)
        {
            most = Math.Max(most, value);
        }

        foreach (float value in x)
        {
            sum += Math.Exp(value - most);
        }

        return most + Math.Log(sum);
    }
}
