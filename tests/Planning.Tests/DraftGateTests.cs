using LayerStream.Planning.Drafts;

namespace LayerStream.Planning.Tests;

/// <summary>What a sequence of a set acceptance takes with the gate, against the same tokens in passes without guesses.</summary>
public sealed class DraftGateTests
{
    private const double Enough = 0.98;

    [Theory]
    [InlineData(0, 0.3, 0.2)]      // never right, and each costs
    [InlineData(0.3, 0.25, 0.25)]  // as a small model of too few bits
    [InlineData(0.2, 0.6, 0)]      // a row alone costs nothing, but that there is one
    [InlineData(0.5, 0, 0.9)]
    [InlineData(0.7, 0.8, 0.3)]    // right, and dear
    public void Rate_WhereGuessesDoNotPay_IsThatWithout(double right, double fixedSeconds, double guessSeconds)
    {
        double[] gains = [.. Enumerable.Range(1, 9)
            .Select(seed => Stream(DraftKind.Model, seed, 200, _ => (0, right), fixedSeconds, guessSeconds)).Order()];
        Assert.True(gains[4] >= Enough, $"middle of {string.Join(", ", gains.Select(g => g.ToString("F3", null)))}");
    }

    [Theory]
    [InlineData(0.95, 0.1, 0.03, 4)]
    [InlineData(0.8, 0, 0.1, 1.7)]
    [InlineData(0.6, 0.1, 0.05, 1.5)]
    public void Rate_WhereGuessesPay_HasMostOfWhatTheyMayGive(double right, double fixedSeconds, double guessSeconds, double least)
    {
        double[] gains = [.. Enumerable.Range(1, 9)
            .Select(seed => Stream(DraftKind.Model, seed, 200, _ => (0, right), fixedSeconds, guessSeconds)).Order()];
        Assert.True(gains[4] >= least, $"middle of {string.Join(", ", gains.Select(g => g.ToString("F3", null)))}");
    }

    [Fact]
    public void Rate_WhereTheDrafterKnowsItsGoodGuesses_TakesThoseOnly()
    {
        // Passages of 10 tokens: the guesses of one are nearly always right, those of the next nearly never; a guess costs half a pass.
        (int, double) Guess(int token) => token / 10 % 2 == 0 ? (6, 0.97) : (1, 0.05);
        double known = Stream(DraftKind.Prompt, 3, 400, Guess, 0, 0.3);
        double unknown = Stream(DraftKind.Prompt, 3, 400, token => (0, Guess(token).Item2), 0, 0.3);
        Assert.True(known > 1.25, $"{known}");
        Assert.True(known > unknown * 1.05, $"{known} against {unknown}");
    }

    [Fact]
    public void Gate_AfterAPassThatWasHeldUp_GoesOn()
    {
        DraftGate gate = new();
        int without = 0;
        for (int pass = 0; pass < 60; pass++)
        {
            gate.BeginPass();
            int drafts = gate.Next(DraftKind.Model);
            gate.Judge(DraftKind.Model, new int[drafts], drafts * 3 / 4);
            gate.Observe(DraftKind.Model, drafts, (1 + (0.1 * drafts)) * (pass == 20 && drafts > 0 ? 40 : 1));
            without += pass > 20 && drafts == 0 ? 1 : 0;
        }

        Assert.InRange(without, 0, 3);
    }

    [Fact]
    public void FirstGuesses_OfUnknownCost_AreFew()
    {
        DraftGate gate = new();
        int most = 0;
        for (int pass = 0; pass < 8; pass++)
        {
            gate.BeginPass();
            int drafts = gate.Next(DraftKind.Model);
            Assert.InRange(drafts, 0, Math.Max(1, 2 * most));
            most = Math.Max(most, drafts);
            gate.Judge(DraftKind.Model, new int[drafts], drafts);
            gate.Observe(DraftKind.Model, drafts, 1);
        }

        Assert.Equal(DraftGate.MostDrafts, most);
    }

    /// <summary>Tokens per second with the gate, against one per pass of a second.</summary>
    private static double Stream(DraftKind kind, int seed, int tokens, Func<int, (int Level, double Right)> guess, double fixedSeconds,
        double guessSeconds)
    {
        DraftGate gate = new();
        Random random = new(seed);
        double seconds = 0;
        int done = 0;
        int[] levels = new int[DraftGate.MostDrafts];
        while (done < tokens)
        {
            gate.BeginPass();
            int made = kind == DraftKind.Model ? gate.Next(kind) : DraftGate.MostDrafts;
            for (int i = 0; i < made; i++)
            {
                levels[i] = guess(done + i).Level;
            }

            int drafts = gate.Take(kind, levels.AsSpan(0, made), out _), accepted = 0;
            while (accepted < drafts && random.NextDouble() < guess(done + accepted).Right)
            {
                accepted++;
            }

            if (drafts > 0)
            {
                gate.Judge(kind, levels.AsSpan(0, drafts), accepted);
            }
            else if (kind != DraftKind.Model)
            {
                gate.Judge(kind, levels.AsSpan(0, 1), random.NextDouble() < guess(done).Right ? 1 : 0);
            }

            double noise = 0.95 + (0.1 * random.NextDouble());
            double took = noise * (1 + (drafts > 0 ? fixedSeconds : 0) + (guessSeconds * drafts));
            gate.Observe(kind, drafts, took);
            seconds += took;
            done += 1 + accepted;
        }

        return done / seconds;
    }
}
