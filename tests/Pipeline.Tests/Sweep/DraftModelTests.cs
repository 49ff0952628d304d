using LayerStream.Actors;
using LayerStream.Actors.Drafts;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Planning.Drafts;
using LayerStream.Sampling;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>A model that guesses for another one changes nothing but the number of passes.</summary>
public sealed class DraftModelTests
{
    private const int Tokens = 24;

    public static TheoryData<string, string, float> Pairs
    {
        get
        {
            TheoryData<string, string, float> pairs = [];
            foreach (string name in SweepModels.Names)
            {
                pairs.Add(name, "llama", 0);
                pairs.Add(name, "llama", 0.8f);
                pairs.Add(name, "qwen35", 0.8f);
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Ids_WithADraftModel_AreThoseWithoutOne(string name, string draft, float temperature)
    {
        await using Engine plain = await SweepModels.StartSingleAsync(name, batch: 24);
        int[][] expected = new int[3][];
        for (int seed = 0; seed < 3; seed++)
        {
            expected[seed] = (await plain.RunAsync(Request(seed, temperature), CancellationToken.None)).Ids;
        }

        foreach (DraftMode mode in (DraftMode[])[DraftMode.Model, DraftMode.Auto])
        {
            await using Engine engine = await StartAsync(name, draft, 3, mode);
            for (int turn = 0; turn < 2; turn++)
            {
                RunResult[] results = await Task.WhenAll(Enumerable.Range(0, 3).Select(seed =>
                    engine.RunAsync(Request(seed, temperature) with { ReuseScope = "s" }, CancellationToken.None)));
                Assert.Equal(expected, results.Select(r => r.Ids));
                Assert.All(results, r => Assert.InRange(r.AcceptedTokens, 0, r.DraftedTokens));
                Assert.True(mode == DraftMode.Auto || results.Sum(r => r.DraftedTokens) > 0, "nothing was guessed");
            }
        }
    }

    [Theory]
    [InlineData("llama", 0)]
    [InlineData("llama", 0.8f)]
    [InlineData("qwen35", 0)]
    [InlineData("qwen35", 0.8f)]
    public async Task Guesses_OfTheModelItself_AreAllRight(string name, float temperature)
    {
        await using Engine engine = await StartAsync(name, name, 2, DraftMode.Model);
        RunResult[] results = await Task.WhenAll(Enumerable.Range(0, 4).Select(seed =>
            engine.RunAsync(Request(seed, temperature), CancellationToken.None)));
        Assert.All(results, r => Assert.Equal(r.DraftedTokens, r.AcceptedTokens));
        Assert.All(results, r => Assert.Equal(new DraftCount(DraftKind.Model, r.DraftedTokens, r.AcceptedTokens), Assert.Single(r.Drafts)));
        Assert.All(results, r => Assert.InRange(r.Passes, 3, Tokens / 2));
        EngineStatus status = engine.Status();
        Assert.Equal(results.Sum(r => r.DraftedTokens), status.Drafts[(int)DraftKind.Model].Drafted);
        Assert.Equal(status.DraftedTokens, status.AcceptedTokens);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen35")]
    public async Task Failure_OfTheDraftModel_EndsItsGuessesOnly(string draft)
    {
        await using Engine engine = await StartAsync("llama", draft, 1, DraftMode.Model);
        int[] expected = (await engine.RunAsync(Request(1, 0.8f), CancellationToken.None)).Ids;
        int draws = 0;
        RunRequest failing = Request(1, 0.8f) with
        {
            DraftDraws = new DraftDraws(() => { }, (_, _) => ++draws > 3 ? throw new InvalidLogitsException(1, float.NaN) : 5),
        };
        RunResult result = await engine.RunAsync(failing, CancellationToken.None);
        Assert.Equal((4, Tokens), (draws, result.Ids.Length));
        Assert.NotNull(result.DraftFault);
        Assert.Equal(expected, result.Ids);
        Assert.Equal(expected, (await engine.RunAsync(Request(1, 0.8f), CancellationToken.None)).Ids);
    }

    [Fact]
    public async Task Cancel_OfASequenceWithADraftModel_LeavesNothing()
    {
        await using Engine engine = await StartAsync("llama", "llama", 2, DraftMode.Model);
        int[] expected = (await engine.RunAsync(Request(0, 0), CancellationToken.None)).Ids;
        for (int at = 1; at < 8; at++)
        {
            using CancellationTokenSource cancel = new();
            int seen = 0, end = at;
            RunRequest request = Request(0, 0) with
            {
                OnToken = _ =>
                {
                    if (++seen == end)
                    {
                        cancel.Cancel();
                    }

                    return false;
                },
            };
            RunResult[] results = await Task.WhenAll(engine.RunAsync(request, cancel.Token),
                engine.RunAsync(Request(0, 0), CancellationToken.None));
            Assert.Equal(expected[..results[0].Ids.Length], results[0].Ids);
            Assert.Equal(expected, results[1].Ids);
        }
    }

    [Fact]
    public void Sheet_WithADraftModel_HasItsAccounts()
    {
        EngineOptions options = TinyModel.Options() with { Drafts = DraftMode.Model, Sequences = 3 };
        GgufModel model = GgufModel.Open(options.ModelPath);
        EnginePlan without = Engine.Plan(model, options),
            with = Engine.Plan(model, options with { DraftModel = SweepModels.Draft("llama") });
        string[] names = [AccountNames.DraftWeights, AccountNames.DraftState, AccountNames.DraftActivations];
        Assert.DoesNotContain(without.Sheet.Accounts, a => names.Contains(a.Name));
        long own = names.Sum(n => with.Sheet.Account(n).LimitBytes);
        Assert.True(own > 300_000, $"{own} bytes");
        Assert.InRange(with.SmallestBudgetBytes - without.SmallestBudgetBytes, own, own + (4 << 20));
        BudgetTooSmallException error = Assert.Throws<BudgetTooSmallException>(() => Engine.Plan(model, options with
        {
            DraftModel = SweepModels.Draft("llama"),
            BudgetBytes = without.SmallestBudgetBytes,
        }));
        Assert.Equal(with.SmallestBudgetBytes, error.SmallestBudgetBytes);
    }

    [Theory]
    [InlineData("qwen35moe", "experts")]
    [InlineData("gemma4-e", "inputs for each layer")]
    public void DraftFile_ThatCannotStayInMemory_IsRefused(string name, string reason)
    {
        DraftModelException error = Assert.Throws<DraftModelException>(() => SweepModels.Draft(name));
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
        Assert.EndsWith("model.gguf", error.Path, StringComparison.Ordinal);
    }

    private static Task<Engine> StartAsync(string name, string draft, int sequences, DraftMode mode) => SweepModels.StartAsync(
        name, sequences, batch: 24, change: o => o with { Drafts = mode, DraftModel = SweepModels.Draft(draft) });

    private static RunRequest Request(int seed, float temperature)
    {
        SamplingOptions options = new() { Temperature = temperature, Seed = seed, RepeatPenalty = 1.1f };
        SamplerChain sampler = new(options), ahead = new(options);
        return new RunRequest
        {
            Prompt = [.. TinyModel.Prompt.Skip(seed), .. TinyModel.Prompt.Take(6 + seed)],
            MaxTokens = Tokens,
            Sample = sampler.Sample,
            DraftDraws = new DraftDraws(() => ahead.DrawAs(sampler), ahead.Sample),
            OnToken = _ => false,
        };
    }
}
