using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Planning.Drafts;
using LayerStream.Sampling;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Guesses, right and wrong, change nothing but the number of passes.</summary>
public sealed class DraftTests
{
    public static TheoryData<string, float> Cases
    {
        get
        {
            TheoryData<string, float> cases = [];
            foreach (string name in SweepModels.Names)
            {
                cases.Add(name, 0);
                cases.Add(name, 0.8f);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Ids_WithDraftsRightAndWrong_AreThoseWithoutAny(string name, float temperature)
    {
        await using Engine engine = await SweepModels.StartAsync(name, 3, batch: 24, change: o => o with { Drafts = DraftMode.Prompt });
        int[][] expected = new int[3][];
        for (int seed = 0; seed < 3; seed++)
        {
            expected[seed] = (await engine.RunAsync(Request(seed, temperature), CancellationToken.None)).Ids;
        }

        foreach (double right in (double[])[0, 0.5, 0.9, 1])
        {
            RunResult[] results = await Task.WhenAll(Enumerable.Range(0, 3).Select(seed => engine.RunAsync(
                Request(seed, temperature) with { Drafter = new ScriptedDrafter([.. Prompt(seed), .. expected[seed]], right, seed) },
                    CancellationToken.None)));
            Assert.Equal(expected, results.Select(r => r.Ids));
            Assert.All(results, r => Assert.InRange(r.AcceptedTokens, right == 1 && engine.CanDraft ? 8 : 0, r.DraftedTokens));
            Assert.All(results, r => Assert.True(r.Passes <= r.PromptTokens + r.GeneratedTokens - r.AcceptedTokens));
            Assert.True(engine.CanDraft || results.Sum(r => r.DraftedTokens) == 0);
        }
    }

    [Theory]
    [InlineData(DraftMode.Auto)]
    [InlineData(DraftMode.Prompt)]
    public async Task Ids_WithGuessesFromTheText_AreThoseWithoutAny(DraftMode mode)
    {
        await using Engine plain = await SweepModels.StartAsync("llama", 1, batch: 24);
        await using Engine drafting = await SweepModels.StartAsync("llama", 2, batch: 24, change: o => o with { Drafts = mode });
        int drafted = 0;
        for (int seed = 0; seed < 6; seed++)
        {
            RunResult expected = await plain.RunAsync(Request(seed, seed % 2 * 0.8f), CancellationToken.None);
            RunResult result = await drafting.RunAsync(Request(seed, seed % 2 * 0.8f), CancellationToken.None);
            Assert.Equal(expected.Ids, result.Ids);
            drafted += result.DraftedTokens;
        }

        Assert.True(mode == DraftMode.Auto || drafted > 0, "nothing was guessed");
    }

    private static int[] Prompt(int seed) => [.. TinyModel.Prompt.Skip(seed), .. TinyModel.Prompt.Take(6 + seed)];

    private static RunRequest Request(int seed, float temperature) => new()
    {
        Prompt = Prompt(seed),
        MaxTokens = 24,
        Sample = new SamplerChain(new SamplingOptions { Temperature = temperature, Seed = seed, RepeatPenalty = 1.1f }).Sample,
        OnToken = _ => false,
    };
}
