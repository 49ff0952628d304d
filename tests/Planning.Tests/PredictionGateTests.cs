namespace LayerStream.Planning.Tests;

public sealed class PredictionGateTests
{
    [Fact]
    public void Next_WherePredictionsHelp_StaysOpenAndLooksAtTheOtherSideEverMoreSeldom()
    {
        PredictionGate gate = new();
        List<int> looks = [];
        for (int pass = 0; pass < 1000; pass++)
        {
            if (Run(gate, passes: 1, with: 80, without: 100, useful: 0.9) == 0)
            {
                looks.Add(pass);
            }
        }

        Assert.True(gate.IsOpen);
        int[] gaps = [.. looks.Zip(looks.Skip(1), (a, b) => b - a)];
        Assert.Equal([16, 32, 64, 128, 128, 128, 128, 128, 128], gaps);
    }

    [Fact]
    public void Next_OnceTheAnswerHasChanged_LooksOftenAgain()
    {
        PredictionGate gate = new();
        Run(gate, 1000, with: 80, without: 100, useful: 0.9);
        int until = 0;
        while (gate.IsOpen)
        {
            Run(gate, 1, with: 130, without: 100, useful: 0.9);
            Assert.InRange(++until, 1, 20); // passes with predictions, which need no look to be seen to be slow
        }

        Assert.Equal(0, Run(gate, PredictionGate.Period - 1, with: 130, without: 100, useful: 0.9));
        Assert.Equal(1, Run(gate, 1, with: 130, without: 100, useful: 0.9));
    }

    [Fact]
    public void Next_WhereWaitsRise_ClosesAndOpensAgainWhenTheyFall()
    {
        PredictionGate gate = new();
        Assert.InRange(Run(gate, 160, with: 120, without: 100, useful: 0.9), 1, 30);
        Assert.False(gate.IsOpen);
        Assert.InRange(Run(gate, 160, with: 100, without: 100, useful: 0.9), 0, 20); // no better than before: stays closed
        Assert.False(gate.IsOpen);
        Run(gate, 320, with: 60, without: 100, useful: 0.9);
        Assert.True(gate.IsOpen);
    }

    [Fact]
    public void Next_WhereMostIsWasted_ClosesWhateverTheWaits()
    {
        PredictionGate gate = new();
        Run(gate, 60, with: 50, without: 100, useful: 0.3);
        Assert.False(gate.IsOpen);
        Run(gate, 320, with: 50, without: 100, useful: 0.55); // above the threshold that closed it, below the one that opens it
        Assert.False(gate.IsOpen);
        Run(gate, 320, with: 50, without: 100, useful: 0.8);
        Assert.True(gate.IsOpen);
    }

    [Fact]
    public void Next_AfterOneFastPassWithout_StaysOpen()
    {
        PredictionGate gate = new();
        Run(gate, 12, with: 100, without: 50, useful: 0.9); // one look
        Assert.True(gate.IsOpen);
        Run(gate, 300, with: 100, without: 110, useful: 0.9);
        Assert.True(gate.IsOpen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Observe_OnePassInWhichTheDiskStoodStill_ChangesNothing(bool wasPredicted)
    {
        (long with, long without) = wasPredicted ? (80, 100) : (120, 100);
        PredictionGate gate = new();
        Run(gate, 160, with, without, useful: 0.9);
        Assert.Equal(wasPredicted, gate.IsOpen);
        gate.Observe(new PredictionPass(wasPredicted, 1_000_000, 100 * 1_000_000L * with, 450_000, 50_000));
        Run(gate, 48, with, without, useful: 0.9);
        Assert.Equal(wasPredicted, gate.IsOpen);
    }

    [Fact]
    public void Observe_OfPassesThatNeededNothing_ChangesNothing()
    {
        PredictionGate gate = new();
        for (int i = 0; i < 100; i++)
        {
            gate.Observe(new PredictionPass(gate.Next(), 0, 1_000_000, 0, 1_000_000));
        }

        Assert.True(gate.IsOpen);
    }

    private static int Run(PredictionGate gate, int passes, long with, long without, double useful)
    {
        const long Needed = 1_000_000, Predicted = 500_000;
        int predicted = 0;
        for (int i = 0; i < passes; i++)
        {
            bool predicts = gate.Next();
            predicted += predicts ? 1 : 0;
            long right = predicts ? (long)(Predicted * useful) : 0, wrong = predicts ? Predicted - right : 0;
            gate.Observe(new PredictionPass(predicts, Needed, (predicts ? with : without) * Needed, right, wrong));
        }

        return predicted;
    }
}
