using System.Globalization;
using LayerStream.Actors.Tracing;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using LayerStream.Planning.Experts;

namespace LayerStream.Actors;

/// <summary>Measures what this process and machine take and makes a sealed plan, before anything is allocated.</summary>
public static class EnginePlanner
{
    private const long MiB = 1 << 20;
    private const long LeastRuntimeBytes = 52 * MiB;  // of a command: libraries and code before the first run
    private const long RuntimeGrowthBytes = 28 * MiB; // while it runs
    private const long ServerGrowthBytes = 24 * MiB;  // the same of a server, which has loaded most of its libraries by then
    private const long RuntimeEarlyBytes = 6 * MiB; // of the growth, what some commands have loaded before they plan
    private const long ServerEarlyBytes = 2 * MiB;
    private const long StateHeapBytes = 4 * MiB; // names of what is kept in a folder
    private const long ReaderStackBytes = 64 * 1024; // that a further one touches

    // Measured once: what a later plan of the same process would find has grown by a run already.
    private static readonly Lazy<long> s_runtimeBytes = new(MeasureRuntime);

    /// <summary>Share of the free memory that the default budget takes.</summary>
    public const double DefaultShare = 0.8;

    /// <summary>Plans a model under the given options.</summary>
    /// <exception cref="UnsupportedModelException">The model cannot run here.</exception>
    /// <exception cref="LossyOptionException">The model cannot follow a lossy option.</exception>
    /// <exception cref="ArgumentException">There is no expert policy of that name.</exception>
    /// <exception cref="BudgetAboveLimitException">The machine or its cgroup cannot give that much.</exception>
    /// <exception cref="BudgetTooSmallException">The accounts do not fit; carries the sheet and the smallest budget.</exception>
    public static EnginePlan Plan(GgufModel model, EngineOptions options)
    {
        ModelSpec own = options.Layers is { } part ? ModelSpecBuilder.Build(model, part) : ModelSpecBuilder.Build(model),
            spec = options.ExpertsPerToken > 0 ? FewerExperts.Apply(own, options.ExpertsPerToken) : own;
        IReadOnlyList<string> lossy = Lossy(own, options);
        ExpertPolicyRow policy = ExpertPolicies.Find(options.ExpertPolicy)
            ?? throw new ArgumentException($"There is no expert policy '{options.ExpertPolicy}'.", nameof(options));
        long budget = Budget(options);
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        long heapBase = (20 * MiB) + (4 * MetadataBytes(model)) + ExpertPlan.ManagedBytes(spec) + options.ExtraHeapBytes
            + (options.StateFolder is null ? 0 : StateHeapBytes) + (options.DraftModel?.ManagedBytes(options.Sequences) ?? 0);
        long runtime = options.RuntimeReserveBytes > 0 ? options.RuntimeReserveBytes
            : RuntimeBytes(options, threads) + (Math.Max(0, options.ReadsInFlight - BudgetDivision.UsualReads) * ReaderStackBytes);
        BudgetDivision division = new(spec, options, policy, threads, heapBase, runtime);
        (MemoryPlan memory, int traceCapacity, long requests) = division.At(budget);
        BudgetSheet sheet = new(budget);
        foreach ((string account, long bytes) in memory.Accounts)
        {
            sheet.Add(account, bytes);
        }

        if (sheet.Sum > budget)
        {
            throw new BudgetTooSmallException(sheet, memory.SmallestBudgetBytes);
        }

        sheet.Seal();
        return new EnginePlan
        {
            Spec = spec,
            Memory = memory,
            Division = division,
            Sheet = sheet,
            Threads = threads,
            StartThreads = options.Threads > 0 ? threads : ProcessorCores.Read().Start,
            HeapLimitBytes = heapBase + TraceRing.BytesFor(traceCapacity) + requests
                + (options.Serves ? TraceRing.BytesFor(traceCapacity) : 0),
            RopeContext = options.Context > 0 ? options.Context : spec.TrainedContext,
            TraceCapacity = traceCapacity,
            DropColdExperts = options.DropColdExperts,
            DraftModel = options.DraftModel,
            Lossy = lossy,
        };
    }

    private static List<string> Lossy(ModelSpec own, EngineOptions options)
    {
        List<string> lossy = [];
        int used = FewerExperts.MostUsed(own);
        if (options.ExpertsPerToken > 0 && options.ExpertsPerToken < used)
        {
            lossy.Add(string.Create(CultureInfo.InvariantCulture, $"--experts {options.ExpertsPerToken} (the model's own: {used})"));
        }

        if (options.DropColdExperts > 0)
        {
            lossy.Add(used > 0
                ? string.Create(CultureInfo.InvariantCulture, $"--drop-cold-experts {options.DropColdExperts}")
                : throw new LossyOptionException("Skipping cold experts needs a model with experts; this one has none."));
        }

        return lossy;
    }

    private static long Budget(EngineOptions options)
    {
        MemoryLimits limits = MemoryLimits.Read();
        if (options.BudgetBytes is not { } asked)
        {
            return (long)(limits.FreeBytes * DefaultShare);
        }

        if (asked > limits.CgroupLimitBytes)
        {
            throw new BudgetAboveLimitException(asked, limits.CgroupLimitBytes.Value, "the cgroup limit");
        }

        return asked <= limits.MachineTotalBytes ? asked
            : throw new BudgetAboveLimitException(asked, limits.MachineTotalBytes, "the machine's memory");
    }

    /// <summary>Bytes in front of the first tensor: keys, vocabulary, tensor list.</summary>
    private static long MetadataBytes(GgufModel model) =>
        model.Tensors.Where(t => t.Extent.File == 0).Select(t => t.Extent.Offset).DefaultIfEmpty(MiB).Min();

    /// <summary>
    /// What the runtime takes at a process's first plan, plus what JIT code, stacks and libraries still grow by once a run starts. The
    /// least of it covers what any command has in memory by then, so that all of them name the same smallest budget, again and again.
    /// </summary>
    // The same for every command, whatever it did before: else the smallest budget of one would not do for another.
    private static long RuntimeBytes(EngineOptions options, int threads) =>
        Math.Max(Math.Max(LeastRuntimeBytes, options.LeastRuntimeBytes),
            s_runtimeBytes.Value - (options.Serves ? ServerEarlyBytes : RuntimeEarlyBytes))
            + (options.Serves ? ServerGrowthBytes : RuntimeGrowthBytes) + (threads * MiB);

    private static long MeasureRuntime() => ProcessMemory.ResidentBytes() - GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
}
