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
/// tokens (24). Text of random weights has no passages of its own that repeat, so that the share stands for the text.
/// </summary>
public sealed class DraftRateTests
{
    [Fact]
    public async Task Rate_WithASetShareRight_IsWorthTheGuesses()
    {
        string? path = Environment.GetEnvironmentVariable("LAYERSTREAM_DRAFT_FILE");
        Assert.SkipWhen(path is null, "LAYERSTREAM_DRAFT_FILE names the model");
        int tokens = SweepScript.Count("LAYERSTREAM_DRAFT_TOKENS", 24);
        Assert.True(ByteSize.TryParse(Environment.GetEnvironmentVariable("LAYERSTREAM_DRAFT_BUDGET") ?? "2GiB", out long budget));
        EngineOptions options = new() { ModelPath = path!, BudgetBytes = budget, Context = 256, Drafts = DraftMode.Auto };
        await using Engine engine = await Engine.StartAsync(GgufModel.Open(path!), options, null, CancellationToken.None);
        await engine.RunAsync(Request(0, 2), CancellationToken.None); // a first pass is slower than those behind it
        foreach (float temperature in (float[])[0, 0.8f])
        {
            RunResult plain = await engine.RunAsync(Request(temperature, tokens) with { Drafter = new Silent() }, CancellationToken.None);
            foreach (double right in (double[])[0.95, 0])
            {
                RunResult drafted = await engine.RunAsync(Request(temperature, tokens)
                    with
                { Drafter = new ScriptedDrafter([.. TinyModel.Prompt, .. plain.Ids], right, 1) }, CancellationToken.None);
                Assert.Equal(plain.Ids, drafted.Ids);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"temperature {temperature}, {right:P0} right: {Rate(drafted) / Rate(plain):F2} times {Rate(plain):F3} tokens/s, "
                    + $"{drafted.AcceptedTokens} of {drafted.DraftedTokens} accepted, {drafted.Passes} passes instead of {plain.Passes}"));
                Assert.InRange(Rate(drafted) / Rate(plain), right > 0.9 ? 2 : 0.9, double.PositiveInfinity);
            }
        }
    }

    private static double Rate(RunResult result) => (result.GeneratedTokens - 1) / result.DecodeSeconds;

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
