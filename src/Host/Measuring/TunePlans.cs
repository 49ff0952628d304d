using System.Runtime.CompilerServices;
using LayerStream.Actors;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Session;

namespace LayerStream.Host.Measuring;

/// <summary>What tune measures, all planned before the first load: the file is opened once, and the plans are those that a run would
/// have.</summary>
internal sealed class TunePlans
{
    private readonly Dictionary<TuneCase, PlannedModel> _loads = [];
    private readonly Dictionary<TuneCase, string> _gaps = [];

    private TunePlans(PlannedModel given, int reads)
    {
        Given = given;
        Reads = reads;
    }

    /// <summary>What was given.</summary>
    public PlannedModel Given { get; }

    /// <summary>Its reads in flight.</summary>
    public int Reads { get; }

    /// <summary>As given first, then every other case; those that are the case already, said or chosen, are not among them.</summary>
    public IReadOnlyList<TuneCase> Cases { get; private init; } = [];

    /// <summary>Cases that cannot be measured, and why.</summary>
    public IReadOnlyDictionary<TuneCase, string> Gaps => _gaps;

    /// <summary>Plans every case. Errors: as <see cref="ModelFile.Plan"/> for what was given; another case that does not fit is a
    /// gap.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // nothing keeps the file's metadata alive afterwards
    public static TunePlans Make(ModelOptions options, TuneAxes axes, IProgress<SessionNotice> notices)
    {
        ModelFile file = ModelFile.Open(options.ModelPath);
        PlannedModel given = file.Plan(options, notices);
        EnginePlan plan = given.Plan;
        bool streams = plan.StreamedBytesPerToken > 0, experts = plan.Experts.Layouts.Count > 0 && !plan.Experts.AllResident;
        int reading = ReaderWork.Share(plan.Memory, options.ReadsInFlight).Reads;
        TunePlans all = new(given, reading)
        {
            Cases =
            [
                TuneCase.AsGiven,
                .. axes.Depths.Where(d => plan.PrefetchDepth > 0 && d != plan.PrefetchDepth).Select(d => new TuneCase(Depth: d)),
                .. axes.Reads.Where(r => streams && r != reading).Select(r => new TuneCase(Reads: r)),
                .. axes.Slots.Where(s => experts && s != plan.Experts.TransientSlots).Select(s => new TuneCase(Slots: s)),
                .. axes.Threads.Where(t => t != plan.Threads).Select(t => new TuneCase(Threads: t)),
                .. axes.Budgets.Where(b => b != plan.Sheet.BudgetBytes).Select(b => new TuneCase(BudgetBytes: b)),
            ],
        };
        Progress<SessionNotice> nobody = new(); // what there is to say was said of what was given
        foreach (TuneCase tuned in all.Cases)
        {
            try
            {
                // Numbers of reads alternate within one load, which must allow for the largest.
                all._loads[tuned] = tuned == TuneCase.AsGiven ? given : file.Plan(tuned.Apply(given.Options), nobody);
            }
            catch (BudgetAboveLimitException)
            {
                all._gaps[tuned] = "is more memory than this process may take";
            }
            catch (BudgetTooSmallException e)
            {
                all._gaps[tuned] = $"does not fit the budget (it takes {ByteSize.FormatOption(e.SmallestBudgetBytes)})";
            }
        }

        return all;
    }

    /// <summary>The plan to load for a case, or for cases that alternate within one load; their largest number of reads decides.</summary>
    public PlannedModel For(IReadOnlyList<TuneCase> cases)
    {
        TuneCase most = cases.MaxBy(c => c.Reads);
        return _loads[most.Reads > Reads ? most : cases[0]];
    }
}
