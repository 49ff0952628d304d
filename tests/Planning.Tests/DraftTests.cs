using LayerStream.Planning.Drafts;

namespace LayerStream.Planning.Tests;

public sealed class DraftTests
{
    [Theory]
    [InlineData(new[] { 1, 2, 3, 4, 5, 9, 2, 3 }, new[] { 4, 5, 9 })]          // what came behind 2 3
    [InlineData(new[] { 1, 2, 3, 7, 2, 3, 8, 1, 2, 3 }, new[] { 7, 2, 3 })]    // the longer match, though it is older
    [InlineData(new[] { 4, 4, 4 }, new[] { 4, 4, 4 })]                         // a copy may run into itself
    [InlineData(new[] { 1, 2, 3, 4 }, new int[0])]
    [InlineData(new[] { 5 }, new int[0])]
    public void Propose_FromTheTextSoFar_IsWhatCameBehindTheSameTokens(int[] history, int[] expected)
    {
        int[] drafts = new int[3];
        int count = new PromptDrafter().Propose(history, drafts);
        Assert.Equal(expected, drafts[..count]);
    }

    [Theory]
    [InlineData(1.0, 0.1, 2, true)]   // of four guesses two are right, and each costs a tenth of a pass
    [InlineData(1.0, 0.1, 0, false)]
    [InlineData(1.0, 1.2, 8, false)]  // a guess that costs more than a pass
    [InlineData(1.0, 0.02, 8, true)]
    public void Gate_AfterSomePasses_IsOpenWhereGuessesPay(double plainSeconds, double guessSeconds, int right, bool isOpen)
    {
        DraftGate gate = new(), forced = new(isForced: true);
        int drafted = 0;
        for (int pass = 0; pass < 200; pass++)
        {
            gate.BeginPass();
            int drafts = gate.Next(DraftKind.Model);
            drafted += drafts > 0 ? 1 : 0;
            gate.Judge(DraftKind.Model, new int[drafts], Math.Min(drafts, right));
            gate.Observe(DraftKind.Model, drafts, plainSeconds + (guessSeconds * drafts));
            Assert.InRange(drafts, 0, DraftGate.MostDrafts);
            forced.BeginPass();
            Assert.True(forced.Next(DraftKind.Model) > 0);
        }

        Assert.Equal(isOpen, gate.IsOpen(DraftKind.Model));
        Assert.InRange(drafted, isOpen ? 180 : 5, isOpen ? 199 : 16); // the other side is looked at now and then
    }

    [Theory]
    [InlineData(0, 1)]      // what is free is taken as far as it may be right
    [InlineData(0.9, 8)]
    [InlineData(0.5, 2)]
    public void Gate_ByTheShareThatIsRight_TakesAsManyAsPay(double rate, int expected)
    {
        DraftGate gate = new(isForced: true);
        Random random = new(1);
        double sum = 0;
        for (int pass = 0; pass < 400; pass++)
        {
            gate.BeginPass();
            int drafts = gate.Next(DraftKind.Prompt), right = 0;
            while (right < drafts && random.NextDouble() < rate)
            {
                right++;
            }

            gate.Judge(DraftKind.Prompt, new int[drafts], right);
            sum += pass < 200 ? 0 : drafts;
        }

        Assert.InRange(sum / 200, expected - 1.5, expected + 1.5);
    }

    [Fact]
    public void Gate_ThatIsClosed_OpensWhenWhatIsWatchedIsRight()
    {
        DraftGate gate = new();
        void Pass(bool isRight)
        {
            gate.BeginPass();
            int drafts = gate.Next(DraftKind.Prompt);
            gate.Judge(DraftKind.Prompt, new int[Math.Max(1, drafts)], isRight ? Math.Max(1, drafts) : 0);
            gate.Observe(DraftKind.Prompt, drafts, 1 + (0.1 * drafts));
        }

        for (int pass = 0; pass < 100; pass++)
        {
            Pass(isRight: false);
        }

        Assert.False(gate.IsOpen(DraftKind.Prompt));
        int passes = 0;
        for (; !gate.IsOpen(DraftKind.Prompt); passes++)
        {
            Pass(isRight: true);
        }

        Assert.InRange(passes, 1, 6);
    }
}
