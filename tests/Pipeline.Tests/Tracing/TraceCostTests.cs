using System.Diagnostics;
using System.Globalization;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Actors.Tracing;
using LayerStream.Formats;
using LayerStream.Kernels.Quants.Activations;
using Xunit;

namespace LayerStream.Pipeline.Tests.Tracing;

/// <summary>What recording costs a model that is in memory: blocks of tokens with and without, beside each other within one run. To
/// measure: LAYERSTREAM_MEASURE=1, on a machine that does nothing else.</summary>
public sealed class TraceCostTests
{
    private const int Pairs = 200;
    private const int PairsOfARun = 25;
    private const int Block = 16; // tokens
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(150);

    [Fact]
    public async Task Recording_BesideNone_CostsLessThanAPercent()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("LAYERSTREAM_MEASURE") == "1", "set LAYERSTREAM_MEASURE=1 to measure");
        EngineOptions options = TinyModel.Options() with
        {
            ModelPath = SweepTraceTests.ShippedModel(),
            BudgetBytes = 1L << 30,
            Context = 1024,
            Activations = ActivationMode.Int8,
        };
        GgufModel model = GgufModel.Open(options.ModelPath);
        await using Engine engine = await Engine.StartAsync(model, options, null, TestContext.Current.CancellationToken);
        List<double>[] times = [[], []]; // middle seconds of a token with and without, block by block
        Random order = new(1);
        long began = Stopwatch.GetTimestamp(), before = engine.Trace.Added;
        while (times[0].Count < Pairs && Stopwatch.GetElapsedTime(began) < s_longest)
        {
            await RunPairsAsync(engine, times, order);
        }

        double[] ratios = [.. times[0].Zip(times[1], (with, without) => (with / without) - 1).Order()];
        int rank = Math.Max(0, (int)((ratios.Length / 2.0) - (0.98 * Math.Sqrt(ratios.Length)))); // of the bounds, by the binomial
        double eventsPerToken = (engine.Trace.Added - before) / (double)(ratios.Length * Block);
        double share = eventsPerToken * AddSeconds() / Middle(times[0]);
        string result = string.Create(CultureInfo.InvariantCulture, $"{ratios.Length} pairs: recording costs {100 * Middle(ratios):0.00} % "
            + $"(95 %: {100 * ratios[rank]:0.00} to {100 * ratios[^(rank + 1)]:0.00} %) of {1000 * Middle(times[0]):0.00} ms a token; "
            + $"{eventsPerToken:0.0} events a token at {1e9 * AddSeconds():0} ns are {100 * share:0.0000} %");
        TestContext.Current.SendDiagnosticMessage(result);
        Assert.True(ratios.Length >= 20 && Middle(ratios) < 0.01 && share < 0.01, result);
    }

    /// <summary>One run, in which blocks with and without take turns; the first two warm up and are not counted.</summary>
    private static async Task RunPairsAsync(Engine engine, List<double>[] times, Random order)
    {
        List<double> block = [];
        int token = -2 * Block, first = 0;
        long last = 0;
        await engine.RunAsync(new RunRequest
        {
            Prompt = TinyModel.Prompt,
            MaxTokens = (2 * Block * (PairsOfARun + 1)) + 1,
            Sample = TinyModel.Greedy,
            OnToken = _ =>
            {
                long now = Stopwatch.GetTimestamp();
                (int number, int place) = (token / Block, token % Block);
                if (token >= 0 && place == 0)
                {
                    if (token > 0)
                    {
                        times[(number - 1 + first) % 2].Add(Middle(block));
                        block.Clear();
                    }

                    first = number % 2 == 0 ? order.Next(2) : first;
                    engine.Trace.IsOff = (number + first) % 2 == 1;
                }
                else if (token > 0)
                {
                    block.Add(Stopwatch.GetElapsedTime(last, now).TotalSeconds);
                }

                (last, token) = (now, token + 1);
                return false;
            },
        }, TestContext.Current.CancellationToken);
    }

    private static double Middle(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2);

    /// <summary>Seconds that the ring takes for an event.</summary>
    private static double AddSeconds()
    {
        const int Events = 1_000_000;
        TraceRing ring = new(1 << 14);
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < Events; i++)
        {
            ring.Add(new TraceEvent { Kind = TraceKind.Compute, StartTicks = i, EndTicks = i + 1, Tile = i, Pass = i });
        }

        return Stopwatch.GetElapsedTime(begin).TotalSeconds / Events;
    }
}
