using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;
using LayerStream.Planning.Experts;

namespace LayerStream.Planning;

/// <summary>Divides what a budget leaves between dense tiles and expert slots.</summary>
internal sealed class ExpertPlanner
{
    private const double MostWaste = 0.05; // of a slot, when banks of different sizes share it
    // so that a sweep over a prompt reads and computes at once when a token uses one expert
    private const int LeastComfortableTransients = 3;
    private const int TransientPart = 8; // of what is left, at most one such part for transient slots

    private readonly ExpertLayout[] _layouts;
    private readonly List<List<int>> _classes = [];
    private readonly HitCurve[] _curves;

    internal ExpertPlanner(ModelSpec spec)
    {
        _layouts = [.. spec.ExpertBanks.Select(b => new ExpertLayout(b))];
        Dictionary<(int, int), HitCurve> priors = [];
        foreach (ExpertBank bank in spec.ExpertBanks)
        {
            priors.TryAdd((bank.Experts, bank.Used), HitCurve.Prior(bank.Experts, bank.Used));
        }

        _curves = [.. spec.ExpertBanks.Select(b => priors[(b.Experts, b.Used)])];
        long largest = 0;
        foreach (ExpertLayout layout in _layouts.OrderByDescending(l => l.SlotBytes).ThenBy(l => l.Bank.Id))
        {
            if (_classes.Count == 0 || layout.SlotBytes < largest * (1 - MostWaste))
            {
                _classes.Add([]);
                largest = layout.SlotBytes;
            }

            _classes[^1].Add(layout.Bank.Id);
        }

        _classes.ForEach(c => c.Sort());
    }

    /// <summary>Bytes of slots for every expert.</summary>
    internal long AllBytes => _classes.Sum(c => SlotBytes(c) * c.Sum(b => _layouts[b].Bank.Experts));

    /// <summary>Bytes of the largest expert's slot.</summary>
    internal long LargestSlotBytes => _layouts.Max(l => l.SlotBytes);

    /// <summary>Slots for experts that are not kept: a token's misses of one layer, as far as an eighth of what is left goes; at least
    /// one.</summary>
    internal int Transients(long leftBytes) =>
        (int)Math.Clamp(leftBytes / TransientPart / LargestSlotBytes, 1,
            Math.Max(LeastComfortableTransients, _layouts.Max(l => l.Bank.Used)));

    /// <summary>Bytes of each of some transient slots: a place for every size of expert where that is little of what is left, so that one
    /// that was read ahead and stays is not copied; else one for the largest.</summary>
    internal long TransientBytes(int transients, long leftBytes)
    {
        long all = _classes.Sum(SlotBytes);
        return transients > 1 && all <= leftBytes / TransientPart / transients ? all : LargestSlotBytes;
    }

    /// <summary>A slot for every expert.</summary>
    internal ExpertPlan All() => Plan([.. _layouts.Select(l => l.Bank.Experts)], 0, 0);

    /// <summary>The best use of <paramref name="bytes"/>: dense tiles (bytes to pin of them) against expert slots, by bytes saved per
    /// token.</summary>
    internal (long DenseBytes, ExpertPlan Experts) Choose(IReadOnlyList<Tile> tiles, int transients, long transientBytes, long bytes)
    {
        DenseItem[] dense = [.. tiles.Select(t => new DenseItem(t.Extent.Window.Length, t.Extent.Length))];
        long[] slotBytes = new long[_layouts.Length];
        foreach (List<int> banks in _classes)
        {
            banks.ForEach(b => slotBytes[b] = SlotBytes(banks));
        }

        ExpertLayerItem[] experts = [.. _layouts.Select((l, b) =>
            new ExpertLayerItem(slotBytes[b], l.Bank.ExpertBytes, l.Bank.Experts, _curves[b]))];
        ResidencyChoice choice = ResidencyKnapsack.Choose(dense, experts, _layouts[0].Bank.Used, bytes);
        ExpertPlan plan = Plan(choice.SlotsPerLayer, transients, transientBytes);
        return (choice.UsedBytes - choice.ExpertBytes, plan);
    }

    private long SlotBytes(List<int> banks) => banks.Max(b => _layouts[b].SlotBytes);

    private ExpertPlan Plan(IReadOnlyList<int> slots, int transients, long transientBytes)
    {
        double saved = 0, hits = 0;
        for (int b = 0; b < _layouts.Length; b++)
        {
            // All experts resident is a certainty, not a prior.
            ExpertBank bank = _layouts[b].Bank;
            double bankHits = slots[b] == bank.Experts ? bank.Used : Math.Min(bank.Used, _curves[b].HitsPerToken(slots[b]));
            (hits, saved) = (hits + bankHits, saved + (bankHits * bank.ExpertBytes));
        }

        long routed = _layouts.Sum(l => l.Bank.ExpertBytes * l.Bank.Used);
        ExpertSlotClass[] classes = [.. _classes.Select(c => new ExpertSlotClass(
            SlotBytes(c), c, [.. c.Select(b => slots[b])], c.Max(b => _layouts[b].Bank.Experts), c.Max(b => _layouts[b].Bank.Used)))];
        return new ExpertPlan
        {
            Layouts = _layouts,
            Classes = classes,
            TransientSlots = transients,
            TransientSlotBytes = transientBytes,
            ExpectedHitRate = hits / _layouts.Sum(l => l.Bank.Used),
            ExpectedMissBytesPerToken = Math.Max(0, routed - saved),
            RoutedBytesPerToken = routed,
        };
    }
}
