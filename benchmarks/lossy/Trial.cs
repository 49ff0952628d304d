using System.Diagnostics;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Lossy.Benchmarks;

/// <summary>One way to run a model over a sequence, token by token, and what came of it.</summary>
internal sealed class Trial
{
    private const int Rounds = 3; // the fastest counts: others may use the machine
    private readonly List<float[]> _logits = [];

    internal int[] Ids { get; private init; } = [];

    /// <summary>Bytes of experts demanded and read.</summary>
    internal double BytesPerToken { get; private set; }

    /// <summary>Of the choices (token, layer, expert).</summary>
    internal double SkippedShare { get; private set; }

    internal double TokensPerSecond { get; private set; }

    /// <summary>The model's own results over a sequence that it draws at temperature 1, whose perplexity is therefore the exponential of
    /// its entropy.</summary>
    internal static async Task<Trial> SampleAsync(EngineOptions options, double resident, int tokens)
    {
        Random random = new(1);
        int[] ids;
        await using (Engine engine = await StartAsync(options, resident))
        {
            int[] prompt = [1];
            RunResult run = await engine.RunAsync(
                new RunRequest
                {
                    Prompt = prompt,
                    MaxTokens = tokens - 1,
                    Sample = (logits, _) => Draw(logits, random),
                    OnToken = _ => false
                }, CancellationToken.None);
            ids = [.. prompt, .. run.Ids];
        }

        return await RunAsync(options, resident, ids);
    }

    internal static async Task<Trial> RunAsync(EngineOptions options, double resident, int[] ids)
    {
        Trial trial = new() { Ids = ids };
        for (int round = 0; round < Rounds; round++)
        {
            await using Engine engine = await StartAsync(options, resident);
            long begin = Stopwatch.GetTimestamp();
            await engine.LogitsAsync(ids, (_, row) => trial.Keep(round, row.Span), CancellationToken.None);
            trial.TokensPerSecond = Math.Max(trial.TokensPerSecond, ids.Length / Stopwatch.GetElapsedTime(begin).TotalSeconds);
            EngineStatus status = engine.Status();
            trial.BytesPerToken = (double)status.ExpertBytesDemanded / ids.Length;
            trial.SkippedShare = (double)status.ExpertsSkipped / (status.ExpertsSkipped + status.ExpertHits + status.ExpertMisses);
        }

        return trial;
    }

    /// <summary>Mean Kullback-Leibler divergence of these results from the reference's, and the share of positions with the same best
    /// token.</summary>
    internal (double Divergence, double SameBest) Compare(Trial reference)
    {
        double divergence = 0;
        int same = 0;
        for (int row = 0; row < _logits.Count; row++)
        {
            float[] p = reference._logits[row], q = _logits[row];
            double sumP = LogSum(p), sumQ = LogSum(q);
            divergence += Enumerable.Range(0, p.Length).Sum(i => Math.Exp(p[i] - sumP) * (p[i] - sumP - (q[i] - sumQ)));
            same += p.AsSpan().IndexOf(p.Max()) == q.AsSpan().IndexOf(q.Max()) ? 1 : 0;
        }

        return (divergence / _logits.Count, (double)same / _logits.Count);
    }

    internal double Perplexity() => Math.Exp(Enumerable.Range(0, Ids.Length - 1).Average(i => LogSum(_logits[i]) - _logits[i][Ids[i + 1]]));

    private static double LogSum(float[] x)
    {
        double most = x.Max();
        return most + Math.Log(x.Sum(v => Math.Exp(v - most)));
    }

    private static int Draw(Span<float> logits, Random random)
    {
        float[] x = logits.ToArray();
        double left = random.NextDouble(), sum = LogSum(x);
        int id = 0;
        for (; id < x.Length - 1 && (left -= Math.Exp(x[id] - sum)) > 0; id++)
        {
        }

        return id;
    }

    /// <summary>A plan with the share of each layer's experts in memory, and one row in a pass, as decoding has it.</summary>
    private static async Task<Engine> StartAsync(EngineOptions options, double resident)
    {
        EnginePlan plan = Engine.Plan(GgufModel.Open(options.ModelPath), options);
        ExpertLayout[] layouts = [.. plan.Spec.ExpertBanks.Select(b => new ExpertLayout(b))];
        ExpertSlotClass[] classes = [.. layouts.GroupBy(l => l.SlotBytes).Select(g => new ExpertSlotClass(
            g.Key, [.. g.Select(l => l.Bank.Id)], [.. g.Select(l => (int)Math.Round(resident * l.Bank.Experts))],
                g.Max(l => l.Bank.Experts), g.Max(l => l.Bank.Used)))];
        ExpertPlan experts = plan.Experts with
        {
            Layouts = layouts,
            Classes = classes,
            TransientSlots = layouts.Max(l => l.Bank.Used),
            TransientSlotBytes = layouts.Max(l => l.SlotBytes)
        };
        plan = plan.Divided(plan.Spec, plan.Memory with { Experts = experts, LogitRows = 1 });
        return await Engine.StartAsync(plan, options, FlashDevice.Open([options.ModelPath]), null, CancellationToken.None);
    }

    private void Keep(int round, ReadOnlySpan<float> row)
    {
        if (round == 0)
        {
            _logits.Add(row.ToArray());
        }
    }
}
