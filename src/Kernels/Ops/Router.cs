using System.Diagnostics;

namespace LayerStream.Kernels.Ops;

/// <summary>Choice of a token's experts from its router logits (F32 weights through <see cref="Quants.MatMul"/>, bias added), on the
/// calling thread.</summary>
public static unsafe class Router
{
    private const float LeastSum = 1e-20f; // keeps the normalisation of underflowed weights at 0 instead of NaN

    /// <summary>The chosen experts, best first, ties to the lower index, and their weights.</summary>
    /// <param name="rule">A validated rule.</param>
    /// <param name="logits">rule.Experts floats.</param>
    /// <param name="selectionBias">rule.Experts floats added to the score for the choice only, or 0 for none.</param>
    /// <param name="ids">Room for rule.Selected ids.</param>
    /// <param name="weights">Room for rule.Selected weights (floats).</param>
    /// <param name="scratch">rule.ScratchFloats floats.</param>
    /// <returns>
    /// False if a score is not finite: the ids are then 0, 1, 2, … and all weights NaN, so that the fault shows in the output.
    /// </returns>
    public static bool Select(in RouterRule rule, nint logits, nint selectionBias, Span<int> ids, Span<float> weights, nint scratch)
    {
        Debug.Assert(ids.Length >= rule.Selected && weights.Length >= rule.Selected);
        float* logit = (float*)logits;
        float* probability = (float*)scratch;
        float* score = probability + rule.Experts;
        ids = ids[..rule.Selected];
        weights = weights[..rule.Selected];
        Weigh(rule, logit, probability);
        bool byLogit = rule.SelectByLogit || rule.Weighting == RouterWeighting.SelectedSoftmax;
        if (!Score(byLogit ? logit : probability, logit, (float*)selectionBias, score, rule.Experts))
        {
            Fail(ids, weights);
            return false;
        }

        KeepGroups(rule, score, score + rule.Experts);
        Best(score, rule.Experts, ids, weights);
        for (int i = 0; i < ids.Length; i++)
        {
            weights[i] = probability[ids[i]];
        }

        Finish(rule, weights);
        return true;
    }

    /// <summary>Weights of all experts before the choice; of <see cref="RouterWeighting.SelectedSoftmax"/> the logits.</summary>
    private static void Weigh(in RouterRule rule, float* logit, float* probability)
    {
        int n = rule.Experts;
        switch (rule.Weighting)
        {
            case RouterWeighting.Softmax:
                VectorOps.Copy((nint)logit, (nint)probability, n);
                Softmax(new Span<float>(probability, n));
                break;
            case RouterWeighting.Sigmoid:
                new Span<float>(probability, n).Fill(1f);
                VectorOps.SigmoidMultiply((nint)logit, (nint)probability, (nint)probability, n);
                break;
            case RouterWeighting.SqrtSoftplus:
                for (int e = 0; e < n; e++)
                {
                    probability[e] = (float)Math.Sqrt(Elementary.Softplus(logit[e]));
                }

                break;
            default:
                VectorOps.Copy((nint)logit, (nint)probability, n);
                break;
        }
    }

    private static bool Score(float* source, float* logit, float* bias, float* score, int n)
    {
        bool finite = true;
        for (int e = 0; e < n; e++)
        {
            score[e] = bias == null ? source[e] : source[e] + bias[e];
            finite &= float.IsFinite(score[e]) & float.IsFinite(logit[e]);
        }

        return finite;
    }

    /// <summary>Sets the scores outside the best groups to −∞.</summary>
    private static void KeepGroups(in RouterRule rule, float* score, float* groupScore)
    {
        if (rule.KeptGroups == rule.Groups)
        {
            return;
        }

        int size = rule.Experts / rule.Groups;
        for (int g = 0; g < rule.Groups; g++)
        {
            groupScore[g] = GroupScore(score + (g * size), size, rule.GroupScore);
        }

        for (int g = 0; g < rule.Groups; g++)
        {
            int better = 0;
            for (int other = 0; other < rule.Groups; other++)
            {
                better += groupScore[other] > groupScore[g] || (groupScore[other] == groupScore[g] && other < g) ? 1 : 0;
            }

            if (better >= rule.KeptGroups)
            {
                new Span<float>(score + (g * size), size).Fill(float.NegativeInfinity);
            }
        }
    }

    private static float GroupScore(float* score, int size, RouterGroupScore kind)
    {
        float best = float.NegativeInfinity, second = float.NegativeInfinity;
        for (int i = 0; i < size; i++)
        {
            second = MathF.Max(second, MathF.Min(best, score[i]));
            best = MathF.Max(best, score[i]);
        }

        return kind == RouterGroupScore.TwoBest && size > 1 ? best + second : best;
    }

    /// <summary>Ids of the best scores in falling order; <paramref name="best"/> holds the scores meanwhile.</summary>
    private static void Best(float* score, int n, Span<int> ids, Span<float> best)
    {
        int found = 0;
        for (int e = 0; e < n; e++)
        {
            if (found == ids.Length && !(score[e] > best[^1]))
            {
                continue;
            }

            int at = found < ids.Length ? found++ : found - 1;
            for (; at > 0 && score[e] > best[at - 1]; at--)
            {
                best[at] = best[at - 1];
                ids[at] = ids[at - 1];
            }

            best[at] = score[e];
            ids[at] = e;
        }
    }

    private static void Finish(in RouterRule rule, Span<float> weights)
    {
        if (rule.Weighting == RouterWeighting.SelectedSoftmax)
        {
            Softmax(weights);
        }

        double sum = LeastSum;
        foreach (float weight in weights)
        {
            sum += weight;
        }

        float factor = rule.Normalise ? (float)(rule.Scale / sum) : rule.Scale;
        foreach (ref float weight in weights)
        {
            weight *= factor;
        }
    }

    private static void Softmax(Span<float> values)
    {
        float largest = values[0];
        foreach (float value in values)
        {
            largest = MathF.Max(largest, value); // NaN wins
        }

        foreach (ref float value in values)
        {
            value -= largest;
        }

        fixed (float* address = values)
        {
            VectorOps.Exp((nint)address, (nint)address, values.Length);
        }

        double sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }

        double inverse = 1.0 / sum;
        foreach (ref float value in values)
        {
            value = (float)(value * inverse);
        }
    }

    private static void Fail(Span<int> ids, Span<float> weights)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = i;
        }

        weights.Fill(float.NaN);
    }
}
