using LayerStream.Planning.Drafts;

namespace LayerStream.Planning.Tests;

public sealed class DraftTests
{
    [Theory]
    [InlineData(new[] { 1, 2, 3, 4, 5, 9, 2, 3 }, new[] { 4, 5, 9 })]          // what came behind 2 3
    [InlineData(new[] { 1, 2, 3, 7, 2, 3, 8, 1, 2, 3 }, new[] { 7, 2, 3 })]    // the longer match, though it is older
    [InlineData(new[] { 4, 4, 4 }, new[] { 4 })]
    [InlineData(new[] { 1, 2, 3, 4 }, new int[0])]
    [InlineData(new[] { 5 }, new int[0])]
    public void Propose_FromTheTextSoFar_IsWhatCameBehindTheSameTokens(int[] history, int[] expected)
    {
        int[] drafts = new int[3];
        int count = new PromptDrafter().Propose(history, drafts);
        Assert.Equal(expected, drafts[..count]);
    }

    [Theory]
    [InlineData(1.0, 1.4, 3, true)]   // three tokens in 1.4 times the time
    [InlineData(1.0, 1.4, 1, false)]
    [InlineData(1.0, 4.0, 3, false)]  // a pass that is four times as long
    public void Gate_AfterSomePasses_IsOpenWhereDraftsPay(double plainSeconds, double draftedSeconds, int tokens, bool isOpen)
    {
        DraftGate gate = new(), forced = new(isForced: true);
        int drafted = 0;
        for (int pass = 0; pass < 200; pass++)
        {
            int drafts = gate.Next();
            drafted += drafts > 0 ? 1 : 0;
            gate.Observe(drafts, drafts > 0 ? tokens : 1, drafts > 0 ? draftedSeconds : plainSeconds);
            Assert.InRange(drafts, 0, DraftGate.MostDrafts);
            Assert.True(forced.Next() > 0);
        }

        Assert.Equal(isOpen, gate.IsOpen);
        Assert.InRange(drafted, isOpen ? 180 : 10, isOpen ? 199 : 20); // the other side is looked at now and then
    }
}
