using LayerStream.Actors;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Host.Measuring;

/// <summary>Measures the device with the reads that a plan would make: the tiles that stream, and the experts that a replay
/// misses.</summary>
internal static class ReadPattern
{
    private const int MostBursts = 20_000;

    private static readonly TimeSpan s_longestTurn = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_measured = TimeSpan.FromSeconds(2);

    /// <summary>Rates of a plan. Where nothing of a kind is read, the rate of the other, or that of random blocks.</summary>
    public static ReadRates Measure(GgufModel model, EnginePlan plan, int readsInFlight, PlannedReplay? replay)
    {
        using FlashDevice device = FlashDevice.Open(model.Files);
        MemoryPlan memory = plan.Memory;
        BudgetAccount account = plan.MeasuringAccount();
        ReaderShare share = ReaderWork.Share(memory, readsInFlight);
        Extent[] tiles = [.. memory.Tiles.Tiles.Where(t => !memory.Pinned[t.Index]).Select(t => t.Extent)];
        Extent[][] bursts = replay is null ? [] : Bursts(replay);
        ReadRate? stream = tiles.Length == 0 ? null : ReadProbe.Stream(device, tiles, memory.PrefetchDepth + 1, share.Reads - share.Urgent,
            s_longestTurn, s_measured, account);
        ReadRate? burst = bursts.Length == 0 ? null : ReadProbe.Bursts(device, bursts, share.Reads, TimeSpan.FromSeconds(1),
            s_measured, account);
        if ((stream ?? burst) is not { } some)
        {
            double any = DeviceProbe.MeasureBytesPerSecond(device, TimeSpan.FromSeconds(1), account, blockBytes: 1 << 20);
            return new ReadRates(any, any, 0, 0);
        }

        double missed = replay?.MissBytesPerToken ?? 0,
            cpu = tiles.Sum(t => (double)t.Length) >= missed ? some.CpuSecondsPerByte : (burst ?? some).CpuSecondsPerByte;
        double piece = bursts.Length == 0 ? 0 : bursts.SelectMany(b => b).Average(e => e.Length);
        return new ReadRates((stream ?? some).BytesPerSecond, (burst ?? some).BytesPerSecond, (long)(share.Reads * piece), cpu);
    }

    /// <summary>The missed experts of each layer and token, cut into reads.</summary>
    private static Extent[][] Bursts(PlannedReplay replay) =>
    [
        .. replay.Uses.Where(u => u.Misses > 0).Take(MostBursts).Select(use =>
        {
            ExpertLayout layout = replay.Plan.Layouts[use.Bank];
            return replay.Missed.Skip(use.MissBegin).Take(use.Misses)
                .SelectMany(expert => Enumerable.Range(0, layout.Matrices).SelectMany(m => Pieces(layout.Slab(m, expert)))).ToArray();
        }),
    ];

    private static IEnumerable<Extent> Pieces(Extent slab) =>
        Enumerable.Range(0, ReaderWork.Pieces(slab)).Select(p => ReaderWork.Piece(slab, p));
}
