using System.Collections.Concurrent;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Sampling;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>
/// Requests that come at random times beside each other over one model: prompts of several lengths, temperatures 0 and 0.8, guesses right
/// and wrong, readers that stop, fail or go away. Each must have the ids of its single run.
/// </summary>
internal sealed class SweepScript(Func<int, int, Task<Engine>> start, int[] lengths, int mostTokens, double longShare = 0)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);
    private static readonly float[] s_temperatures = [0, 0.8f];
    private static readonly ConcurrentDictionary<(string, string, int), (int[], int[])[,]> s_single = [];
    private (int[] Prompt, int[] Ids)[,]? _single;

    /// <summary>Requests of at most a few dozen tokens.</summary>
    internal SweepScript(Func<int, int, Task<Engine>> start)
        : this(start, [1, 2, 7, 16, 23, 39], 16)
    {
    }

    /// <summary>Whether most requests give way, so that those that begin alike go on behind each other's rows.</summary>
    internal bool IsBackground { get; init; }

    /// <summary>Name of a model whose single runs are those of every script with its prompts, whatever else it is given; null = they are
    /// this script's own.</summary>
    internal string? Model { get; init; }

    /// <summary>Starts the engine of the single runs; null = as for a schedule of one sequence.</summary>
    internal Func<Task<Engine>>? Single { get; init; }

    /// <summary>How often sequences gave their pages up.</summary>
    internal long Parks { get; private set; }

    /// <summary>Seeds to run: what the variable says, or a number for every day.</summary>
    internal static int Count(string variable, int everyDay) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out int count) ? count : everyDay;

    /// <summary>Some requests beside each other; then nothing of them is left.</summary>
    /// <returns>Guesses that were tried, and those that were right.</returns>
    internal async Task<(int Drafted, int Accepted)> RunAsync(int seed, int requests)
    {
        _single ??= await SharedAsync();
        Random random = new(Scramble.Of(seed, 17, int.MaxValue));
        await using Engine engine = await start(1 + random.Next(5), seed);
        long held = Held(engine);
        (int, int)[] drafts = await Task.WhenAll(Enumerable.Range(0, requests).Select(_ =>
        {
            Random own = new(random.Next());
            return Task.Run(() => OneAsync(engine, own));
        }));
        EngineStatus status = engine.Status();
        Assert.Equal((status.TotalSlots, status.TransientSlots, 0),
                (status.FreeSlots, status.FreeTransientSlots, status.InFlightReads));
        Assert.Equal((0, 0, held), (status.RunningSequences, status.WaitingSequences, Held(engine)));
        Assert.Equal((0, status.Pages.Total), (status.Pages.Held, status.Pages.Free + status.Pages.Kept));
        Parks += status.Parks;
        return (drafts.Sum(d => d.Item1), drafts.Sum(d => d.Item2));
    }

    /// <summary>Native memory that the accounts of an engine hold.</summary>
    internal static long Held(Engine engine) => engine.CurrentPlan.Sheet.Accounts.Sum(a => a.UsedBytes);

    private async Task<(int, int)> OneAsync(Engine engine, Random random)
    {
        int prompt = random.Next(lengths.Length), warm = random.Next(s_temperatures.Length), tokens = random.Next(1, mostTokens);
        int end = random.Next(tokens + 6), seen = 0;
        if (random.NextDouble() < longShare)
        {
            (tokens, end) = (mostTokens, mostTokens);
        }

        bool isCancelled = random.Next(5) == 0, fails = random.Next(9) == 0;
        (int[] text, int[] ids) = _single![prompt, warm];
        using CancellationTokenSource cancel = new();
        await Task.Delay(random.Next(6));
        RunRequest request = Request(text, tokens, prompt, s_temperatures[warm]) with
        {
            ReuseScope = random.Next(3) == 0 ? null : "s",
            IsBackground = IsBackground && random.Next(4) > 0,
            Drafter = random.Next(2) == 0 ? null : new ScriptedDrafter([.. text, .. ids], random.Next(5) / 4.0, random.Next()),
            OnToken = _ =>
            {
                seen++;
                if (seen > end && isCancelled)
                {
                    cancel.Cancel();
                }

                return seen > end && fails ? throw new InvalidOperationException("a reader fails") : seen > end && !isCancelled;
            },
        };
        if (isCancelled && end == 0)
        {
            cancel.CancelAfter(random.Next(10));
        }

        try
        {
            RunResult result = await engine.RunAsync(request, cancel.Token).WaitAsync(s_limit);
            Assert.Equal(ids[..result.Ids.Length], result.Ids);
            Assert.True(isCancelled || result.Ids.Length == Math.Min(tokens, end + 1),
                $"{result.Ids.Length} tokens, {result.FinishReason}");
            return (result.DraftedTokens, result.AcceptedTokens);
        }
        catch (InvalidOperationException e) when (e.Message == "a reader fails")
        {
            Assert.True(fails);
            return default;
        }
    }

    private async Task<(int[], int[])[,]> SharedAsync()
    {
        if (Model is null)
        {
            return await SingleAsync();
        }

        (string, string, int) key = (Model, string.Join(' ', lengths), mostTokens);
        return s_single.TryGetValue(key, out (int[], int[])[,]? found) ? found : s_single[key] = await SingleAsync();
    }

    private async Task<(int[], int[])[,]> SingleAsync()
    {
        await using Engine engine = await (Single?.Invoke() ?? start(1, 0));
        (int[], int[])[,] single = new (int[], int[])[lengths.Length, s_temperatures.Length];
        for (int prompt = 0; prompt < lengths.Length; prompt++)
        {
            int[] text = [.. Enumerable.Range(0, lengths[prompt])
                .Select(i => ((prompt * 61) + (i * 37 % 211)) % engine.Spec.Vocabulary)];
            for (int warm = 0; warm < s_temperatures.Length; warm++)
            {
                RunResult result = await engine.RunAsync(Request(text, mostTokens, prompt, s_temperatures[warm]), CancellationToken.None);
                single[prompt, warm] = (text, result.Ids);
            }
        }

        return single;
    }

    private static RunRequest Request(int[] prompt, int tokens, int seed, float temperature) => new()
    {
        Prompt = prompt,
        MaxTokens = tokens,
        Sample = new SamplerChain(new SamplingOptions { Temperature = temperature, Seed = seed, RepeatPenalty = 1.1f }).Sample,
        OnToken = _ => false,
    };
}
