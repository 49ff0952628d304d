using System.Globalization;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Planning.Drafts;
using LayerStream.Sampling;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>
/// What guesses gain over a file of the caller's: a recorded text is replayed by a drafter of which a set share is right.
/// <c>LAYERSTREAM_DRAFT_FILE</c> names the file, <c>LAYERSTREAM_DRAFT_BUDGET</c> the budget (2GiB), <c>LAYERSTREAM_DRAFT_TOKENS</c> the
/// tokens (24), <c>LAYERSTREAM_DRAFT_ROUNDS</c> how often each is run, in turns (1). Text of random
/// weights has no passages of its own that repeat, so that the share stands for the text.
/// </summary>
public sealed class DraftRateTests
{
    [Fact]
    public async Task Rate_WithASetShareRight_IsWorthTheGuesses()
    {
        string? path = Environment.GetEnvironmentVariable("LAYERSTREAM_DRAFT_FILE");
        Assert.SkipWhen(path is null, "LAYERSTREAM_DRAFT_FILE names the model");
        int tokens = SweepScript.Count("LAYERSTREAM_DRAFT_TOKENS", 24), rounds = SweepScript.Count("LAYERSTREAM_DRAFT_ROUNDS", 1);
        Assert.True(ByteSize.TryParse(Environment.GetEnvironmentVariable("LAYERSTREAM_DRAFT_BUDGET") ?? "2GiB", out long budget));
        EngineOptions options = new() { ModelPath = path!, BudgetBytes = budget, Context = 256, Drafts = DraftMode.Auto };
        await using Engine engine = await Engine.StartAsync(GgufModel.Open(path!), options, null, CancellationToken.None);
        await engine.RunAsync(Request(0, 2), CancellationToken.None); // a first pass is slower than those behind it
        double[] shares = [0.95, 0];
        foreach (float temperature in (float[])[0, 0.8f])
        {
            List<RunResult> plain = [];
            List<RunResult>[] drafted = [[], []];
            for (int round = 0; round < rounds; round++)
            {
                plain.Add(await engine.RunAsync(Request(temperature, tokens) with { Drafter = new Silent() }, CancellationToken.None));
                int[] text = [.. TinyModel.Prompt, .. plain[0].Ids];
                for (int i = 0; i < shares.Length; i++)
                {
                    RunRequest request = Request(temperature, tokens) with { Drafter = new ScriptedDrafter(text, shares[i], 1) };
                    drafted[i].Add(await engine.RunAsync(request, CancellationToken.None));
                    Assert.Equal(plain[0].Ids, drafted[i][^1].Ids);
                }
            }

            for (int i = 0; i < shares.Length; i++)
            {
                (RunResult first, double gain) = (drafted[i][0], Rate(drafted[i]) / Rate(plain));
                IEnumerable<string> each = drafted[i].Zip(plain, (d, p) => FormattableString.Invariant($"{Rate([d]) / Rate([p]):F2}"));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"temperature {temperature}, {shares[i]:P0} right: {gain:F2} times {Rate(plain):F3} tokens/s, "
                    + $"{first.AcceptedTokens} of {first.DraftedTokens} accepted, {first.Passes} passes instead of {plain[0].Passes}; "
                    + $"rounds {string.Join(' ', each)}"));
                Assert.InRange(gain, shares[i] > 0.9 ? 2 : 0.9, double.PositiveInfinity);
            }
        }
    }

    /// <summary>Tokens per second of all rounds together.</summary>
    private static double Rate(IEnumerable<RunResult> results) =>
        results.Sum(r => r.GeneratedTokens - 1) / results.Sum(r => r.DecodeSeconds);

    private static RunRequest Request(float temperature, int tokens) => new()
    {
        Prompt = TinyModel.Prompt,
        MaxTokens = tokens,
        Sample = new SamplerChain(new SamplingOptions { Temperature = temperature, Seed = 3 }).Sample,
        OnToken = _ => false,
    };

    /// <summary>Guesses nothing.</summary>
    private sealed class Silent : IDrafter
    {
        public DraftKind Kind => DraftKind.Grammar;

        public int Propose(IReadOnlyList<int> history, Span<int> drafts) => 0;

        public int Sureness(int guess) => 0;
    }
}
