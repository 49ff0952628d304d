using LayerStream.Memory;
using LayerStream.Planning;

namespace LayerStream.Host.Telemetry;

/// <summary>The budget by use: the accounts of native memory, what the runtime holds beside them, and what is free.</summary>
internal static class MemoryStates
{
    private static readonly string[] s_measured = [AccountNames.ManagedHeap, AccountNames.Runtime]; // nobody takes from these

    /// <summary>Bytes by state; together they are the budget, as long as it is kept.</summary>
    public static IEnumerable<MetricSample> Of(BudgetSheet sheet, long residentBytes)
    {
        ILookup<string, long> used = sheet.Accounts.Where(a => !s_measured.Contains(a.Name))
            .ToLookup(a => StateOf(a.Name), a => a.UsedBytes, StringComparer.Ordinal);
        long taken = used.Sum(state => state.Sum()), runtime = Math.Max(0, residentBytes - taken);
        foreach (string state in (string[])["weights", "kv", "staging", "scratch"])
        {
            yield return Sample(used[state].Sum(), state);
        }

        yield return Sample(runtime, "runtime");
        yield return Sample(Math.Max(0, sheet.BudgetBytes - taken - runtime), "free");
    }

    private static MetricSample Sample(long bytes, string state) => new(bytes, new MetricLabel("state", state));

    private static string StateOf(string account) => account switch
    {
        AccountNames.PinnedWeights or AccountNames.RingSlots or AccountNames.ExpertSlots or AccountNames.SlotReserve
            or AccountNames.RouterCopies or AccountNames.SmallWeights or AccountNames.DraftWeights => "weights",
        AccountNames.SequenceState or AccountNames.DraftState => "kv",
        AccountNames.Staging or AccountNames.BufferedReads or AccountNames.WrittenFiles => "staging",
        _ => "scratch",
    };
}
