using LayerStream.Host.Telemetry;
using LayerStream.Memory;
using LayerStream.Planning;

namespace LayerStream.Host.Tests.Telemetry;

public sealed class MemoryStatesTests
{
    [Theory]
    [InlineData(AccountNames.PinnedWeights, "weights")]
    [InlineData(AccountNames.DraftWeights, "weights")]
    [InlineData(AccountNames.SequenceState, "kv")]
    [InlineData(AccountNames.DraftState, "kv")]
    [InlineData(AccountNames.Staging, "staging")]
    [InlineData(AccountNames.DraftActivations, "scratch")]
    public void States_BytesOfAnAccount_AreThoseOfWhatTheyHold(string account, string state)
    {
        BudgetSheet sheet = new(1 << 20);
        sheet.Add(account, 4096);
        sheet.Seal();
        using Reservation taken = sheet.Account(account).Reserve(4096);
        Assert.Equal([(state, 4096)], MemoryStates.Of(sheet, 0).Where(s => s.Value > 0 && s.Labels[0].Value != "free")
            .Select(s => (s.Labels[0].Value, (long)s.Value)));
    }
}
