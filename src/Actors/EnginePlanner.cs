using System.Globalization;
using System.Numerics;
using LayerStream.Actors.Tracing;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Models;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using LayerStream.Planning.Experts;

namespace LayerStream.Actors;

/// <summary>Measures what this process and machine take and makes a sealed plan, before anything is allocated.</summary>
public static class EnginePlanner
{
    private const long MiB = 1 << 20;
    private const long LeastRequestBytes = 8 * MiB;
    private const long MostRequestBytes = 256 * MiB;
    private const int UsualReads = 12;               // whose threads the measured reserve covers
    private const long ReaderStackBytes = 64 * 1024; // that a further one touches

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
        ModelSpec own = ModelSpecBuilder.Build(model), spec = options.ExpertsPerToken > 0 ? FewerExperts.Apply(own, options.ExpertsPerToken) : own;
        IReadOnlyList<string> lossy = Lossy(own, options);
        ExpertPolicyRow policy = ExpertPolicies.Find(options.ExpertPolicy) ?? throw new ArgumentException($"There is no expert policy '{options.ExpertPolicy}'.", nameof(options));
        long budget = Budget(options);
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        int traceCapacity = 1 << BitOperations.Log2((uint)(Math.Clamp(budget / 256, MiB / 2, 16 * MiB) / TraceRing.BytesFor(1)));
        long heap = (20 * MiB) + (4 * MetadataBytes(model)) + TraceRing.BytesFor(traceCapacity) + ExpertPlan.ManagedBytes(spec) + options.ExtraHeapBytes;
        long requests = options.Serves ? Math.Clamp(budget / 24, LeastRequestBytes, MostRequestBytes) : 0;
        long exports = options.Serves ? TraceRing.BytesFor(traceCapacity) : 0;
        long runtime = options.RuntimeReserveBytes > 0 ? options.RuntimeReserveBytes : MeasureRuntime(threads) + (Math.Max(0, options.ReadsInFlight - UsualReads) * ReaderStackBytes);
        MemoryPlan memory = MemoryPlanner.Plan(new PlanInputs(spec, budget, heap, runtime, threads, options.Context, options.PrefetchDepth, spec.StateBytesPerToken(options.KvType),
            context => SequenceState.Bytes(spec, context, options.KvType))
        {
            RequestBytes = requests,
            TraceExportBytes = exports,
            TransientExperts = options.TransientExperts,
        });
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
            Memory = memory with { Experts = memory.Experts with { Policy = policy } },
            Sheet = sheet,
            Threads = threads,
            HeapLimitBytes = heap + requests + exports,
            TraceCapacity = traceCapacity,
            DropColdExperts = options.DropColdExperts,
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

        return asked <= limits.MachineTotalBytes ? asked : throw new BudgetAboveLimitException(asked, limits.MachineTotalBytes, "the machine's memory");
    }

    /// <summary>Bytes in front of the first tensor: keys, vocabulary, tensor list.</summary>
    private static long MetadataBytes(GgufModel model) =>
        model.Tensors.Where(t => t.Extent.File == 0).Select(t => t.Extent.Offset).DefaultIfEmpty(MiB).Min();

    /// <summary>
    /// Resident now without the managed heap, plus what JIT code, stacks and libraries still grow by once a run starts
    /// (the constants were measured on the shipped model, from the first token of a run on).
    /// </summary>
    private static long MeasureRuntime(int threads)
    {
        long heap = GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
        long fixedPart = Math.Max(24 * MiB, ProcessMemory.ResidentBytes() - heap);
        return fixedPart + (28 * MiB) + (threads * MiB);
    }
}
