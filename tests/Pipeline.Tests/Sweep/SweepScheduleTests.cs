using System.Collections.Concurrent;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Memory;
using LayerStream.Planning.Drafts;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Sequences that join, leave, fail and are cancelled at random beside each other: each has the ids of its single run.</summary>
public sealed class SweepScheduleTests
{
    private const int Requests = 12;
    private static readonly int[] s_lengths = [1, 2, 7, 16, 23, 39];
    private static readonly ConcurrentDictionary<string, Lazy<Task<int[][]>>> s_single = new();

    public static TheoryData<string, int> Schedules
    {
        get
        {
            TheoryData<string, int> schedules = [];
            foreach (string name in SweepModels.Names)
            {
                for (int seed = 0; seed < 3; seed++)
                {
                    schedules.Add(name, seed);
                }
            }

            return schedules;
        }
    }

    [Theory]
    [MemberData(nameof(Schedules))]
    public async Task Sequences_InRandomSchedules_HaveTheIdsOfTheirSingleRuns(string name, int seed)
    {
        Random random = new(HashCode.Combine(seed, 17));
        int sequences = 1 + random.Next(5);
        await using Engine engine = await SweepModels.StartAsync(name, sequences, batch: 3 + random.Next(14), seed: seed,
            change: o => o with { KeepsSnapshots = true, Drafts = seed % 2 == 0 ? DraftMode.Prompt : DraftMode.Off });
        for (int round = 0; round < 3; round++)
        {
            long live = AlignedBuffer.LiveCount;
            await Task.WhenAll(Enumerable.Range(0, Requests)
                .Select(_ => Task.Run(() => OneAsync(engine, name, new Random(random.Next())))));
            EngineStatus status = engine.Status();
            Assert.Equal((status.TotalSlots, status.TransientSlots, 0),
                (status.FreeSlots, status.FreeTransientSlots, status.InFlightReads));
            Assert.Equal((0, 0, live), (status.RunningSequences, status.WaitingSequences, AlignedBuffer.LiveCount));
        }
    }

    private static async Task OneAsync(Engine engine, string name, Random random)
    {
        int prompt = random.Next(s_lengths.Length), tokens = random.Next(1, 16), end = random.Next(tokens + 6);
        bool isCancelled = random.Next(5) == 0, fails = random.Next(9) == 0;
        int[] expected = (await SingleAsync(name))[prompt][..tokens];
        using CancellationTokenSource cancel = new();
        int seen = 0;
        await Task.Delay(random.Next(6));
        RunRequest request = Request(engine, prompt, tokens) with
        {
            ReuseScope = random.Next(3) == 0 ? null : "s",
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
            RunResult result = await engine.RunAsync(request, cancel.Token).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal(expected[..result.Ids.Length], result.Ids);
            Assert.True(isCancelled || result.Ids.Length == Math.Min(tokens, end + 1),
                $"{result.Ids.Length} tokens, {result.FinishReason}");
        }
        catch (InvalidOperationException e) when (e.Message == "a reader fails")
        {
            Assert.True(fails);
        }
    }

    private static Task<int[][]> SingleAsync(string name) => s_single.GetOrAdd(name, _ => new Lazy<Task<int[][]>>(async () =>
    {
        await using Engine single = await SweepModels.StartAsync(name, 1, batch: 16);
        List<int[]> ids = [];
        for (int prompt = 0; prompt < s_lengths.Length; prompt++)
        {
            ids.Add((await single.RunAsync(Request(single, prompt, 16), CancellationToken.None)).Ids);
        }

        return [.. ids];
    })).Value;

    private static RunRequest Request(Engine engine, int prompt, int tokens) => new()
    {
        Prompt = [.. Enumerable.Range(0, s_lengths[prompt]).Select(i => ((prompt * 61) + (i * 37 % 211)) % engine.Spec.Vocabulary)],
        MaxTokens = tokens,
        Sample = TinyModel.Greedy,
        OnToken = _ => false,
    };
}
