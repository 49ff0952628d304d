using LayerStream.Actors;
using LayerStream.Actors.Run;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Conversations whose turns go on from what the last one left in memory: the ids are those of a run that reads
/// everything.</summary>
public sealed class KeptStateTests
{
    public static TheoryData<string> Models => [.. SweepModels.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Turns_FromKeptState_HaveTheIdsOfAFreshRun(string name)
    {
        await using Engine fresh = await SweepModels.StartAsync(name, 1, batch: 16);
        Random random = new(11);
        int spared = 0;
        for (int seats = 1; seats <= 3; seats += 2)
        {
            await using Engine kept = await SweepModels.StartAsync(name, seats, batch: 7, seed: seats,
                change: o => o with { KeepsSnapshots = true });
            List<int>[] conversations = [.. Enumerable.Range(0, 2).Select(_ => Tokens(random, kept, 20))];
            for (int turn = 0; turn < 12; turn++)
            {
                List<int> history = conversations[random.Next(2)];
                if (history.Count > 44)
                {
                    history.RemoveRange(22, history.Count - 22); // a client that forgets its last turns
                }

                RunRequest request = Request([.. history], random.Next(1, 7));
                int[] expected = (await fresh.RunAsync(request, CancellationToken.None)).Ids;
                RunResult result = await kept.RunAsync(request with { ReuseScope = "a" }, CancellationToken.None);
                Assert.Equal(expected, result.Ids);
                Assert.InRange(result.CachedTokens, 0, history.Count - 1);
                spared += result.CachedTokens;
                // Now and then a template that rewrites what was said.
                history.AddRange(random.Next(4) == 0 ? Tokens(random, kept, 2) : result.Ids);
                history.AddRange(Tokens(random, kept, random.Next(1, 4)));
            }
        }

        Assert.True(spared > 100, $"{spared} tokens were not read again");
    }

    [Fact]
    public async Task SecondTurn_OfAnyMixer_ReadsOnlyWhatIsNew()
    {
        foreach (string name in SweepModels.Names)
        {
            await using Engine engine = await SweepModels.StartAsync(name, 1, batch: 4, change: o => o with { KeepsSnapshots = true });
            RunRequest first = Request(TinyModel.Prompt, 6) with { ReuseScope = "" };
            RunResult answer = await engine.RunAsync(first, CancellationToken.None);
            long passes = engine.Status().Passes;
            RunResult second = await engine.RunAsync(
                first with { Prompt = [.. TinyModel.Prompt, .. answer.Ids, 5, 6], MaxTokens = 1 }, CancellationToken.None);
            // the last token drawn has not been through the model
            Assert.Equal(TinyModel.Prompt.Length + answer.Ids.Length - 1, second.CachedTokens);
            Assert.Equal(1, engine.Status().Passes - passes);
        }
    }

    /// <summary>A template that drops thought, one that rewrites a question asked before the last one, and one that is asked
    /// again.</summary>
    [Theory]
    [InlineData("qwen35moe")]
    [InlineData("qwen3next-ssm-in")]
    public async Task RewrittenTurns_OfARecurrentModel_GoOnFromAnEarlierSnapshot(string name)
    {
        await using Engine fresh = await SweepModels.StartAsync(name, 1, batch: 16);
        await using Engine kept = await SweepModels.StartAsync(name, 1, batch: 5, change: o => o with { KeepsSnapshots = true });
        Random random = new(3);
        List<int> first = Tokens(random, kept, 20), second = Tokens(random, kept, 18), third = Tokens(random, kept, 3);
        async Task<RunResult> Ask(IEnumerable<int> prompt, int tokens)
        {
            RunRequest request = Request([.. prompt], tokens);
            RunResult result = await kept.RunAsync(request with { ReuseScope = "a" }, CancellationToken.None);
            Assert.Equal((await fresh.RunAsync(request, CancellationToken.None)).Ids, result.Ids);
            return result;
        }

        RunResult thought = await Ask(first, 8);
        int[] answer = thought.Ids[4..]; // of what was said, the next prompt holds this only
        RunResult dropped = await Ask([.. first, .. answer, .. second], 6);
        Assert.Equal(first.Count - 16, dropped.CachedTokens);
        RunResult next = await Ask([.. first, .. answer, .. second, .. dropped.Ids, .. third], 2);
        Assert.Equal(first.Count + answer.Length + second.Count + dropped.Ids.Length - 1, next.CachedTokens);
        // Behind the end of the second prompt everything is different: its snapshot, then the first one's.
        RunResult again = await Ask([.. first, .. answer, .. second[..^4], .. third, .. third], 2);
        Assert.Equal(first.Count + answer.Length + second.Count - 16, again.CachedTokens);
        RunResult rewritten = await Ask([.. first, .. third, .. third], 2);
        Assert.Equal(first.Count - 16, rewritten.CachedTokens);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen35moe")]
    public async Task State_OfACancelledRunOrAnotherScope_IsNotTakenForWhatItIsNot(string name)
    {
        await using Engine engine = await SweepModels.StartAsync(name, 1, batch: 4, change: o => o with { KeepsSnapshots = true });
        RunRequest request = Request([.. TinyModel.Prompt, .. TinyModel.Prompt], 6) with { ReuseScope = "a" };
        int[] expected = (await engine.RunAsync(request with { ReuseScope = null }, CancellationToken.None)).Ids;
        for (int time = 0; time < 20; time++)
        {
            using CancellationTokenSource cancel = new();
            int seen = 0;
            Task<RunResult> running = engine.RunAsync(request with { OnToken = _ => Cancelled(cancel, ++seen > time % 6) }, cancel.Token);
            if (time % 3 == 0)
            {
                cancel.CancelAfter(time % 5);
            }

            await running;
            RunResult again = await engine.RunAsync(request, CancellationToken.None);
            Assert.Equal(expected, again.Ids);
            RunResult other = await engine.RunAsync(request with { ReuseScope = "b", MaxTokens = 2 }, CancellationToken.None);
            Assert.Equal((0, expected[0]), (other.CachedTokens, other.Ids[0]));
        }

        List<float[]> logits = [];
        await engine.LogitsAsync([1, 2, 3], (_, row) => logits.Add(row.ToArray()), CancellationToken.None);
        RunResult behind = await engine.RunAsync(request, CancellationToken.None);
        Assert.Equal((0, 6), (behind.CachedTokens, behind.Ids.Length)); // the logits took the state
        Assert.Equal(expected, behind.Ids);
    }

    private static bool Cancelled(CancellationTokenSource cancel, bool now)
    {
        if (now)
        {
            cancel.Cancel();
        }

        return false;
    }

    private static List<int> Tokens(Random random, Engine engine, int count) =>
        [.. SweepModels.Tokens(random, engine, count)];

    private static RunRequest Request(int[] prompt, int tokens) => SweepModels.Request(prompt, tokens);
}
