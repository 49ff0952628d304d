using System.Text.Json.Serialization;
using LayerStream.Actors;
using LayerStream.Models.Spec;

namespace LayerStream.Session.Reports;

/// <summary>How a budget is divided: the same figures in <c>plan --json</c> and in the daemon's status.</summary>
public sealed record DivisionReport
{
    /// <summary>The budget.</summary>
    public required long BudgetBytes { get; init; }

    /// <summary>The smallest budget that works with these options.</summary>
    public required long SmallestBudgetBytes { get; init; }

    /// <summary>Sum of the accounts.</summary>
    public required long PlannedBytes { get; init; }

    /// <summary>Bytes of each account, by its name.</summary>
    public required IReadOnlyDictionary<string, long> Accounts { get; init; }

    /// <summary>Weights that stay in memory, without experts.</summary>
    public required long PinnedBytes { get; init; }

    /// <summary>Weights that every token multiplies by.</summary>
    public required long DenseBytes { get; init; }

    /// <summary>What a generated token is expected to demand from flash.</summary>
    public required long StreamedBytesPerToken { get; init; }

    /// <summary>One slot of the ring.</summary>
    public required long SlotBytes { get; init; }

    /// <summary>Tiles loaded ahead.</summary>
    public required int PrefetchDepth { get; init; }

    /// <summary>Tokens of context.</summary>
    public required int Context { get; init; }

    /// <summary>Sequences that may run at the same time.</summary>
    public required int Sequences { get; init; }

    /// <summary>Pages of keys and values that they share, 128 tokens each.</summary>
    public required int KvPages { get; init; }

    /// <summary>Tokens that each of them may have when all run at the same time, as far as there are pages, and have as many.</summary>
    public required int ContextOfEach { get; init; }

    /// <summary>Compute threads.</summary>
    public required int Threads { get; init; }

    /// <summary>Policy that decides which experts stay; null without experts.</summary>
    public string? ExpertPolicy { get; init; }

    /// <summary>Experts that a token is routed to in a layer; null without experts.</summary>
    public int? ExpertsPerToken { get; init; }

    /// <summary>Tokens per second of a generation; null while nothing was computed or measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? PredictedTokensPerSecond { get; init; }

    /// <summary>The lossy options in force; empty = the output is the model's own.</summary>
    public required IReadOnlyList<string> Lossy { get; init; }

    /// <summary>The figures of a plan.</summary>
    public static DivisionReport Of(EnginePlan plan)
    {
        bool hasExperts = plan.Experts.Layouts.Count > 0;
        return new()
        {
            BudgetBytes = plan.Sheet.BudgetBytes,
            SmallestBudgetBytes = plan.SmallestBudgetBytes,
            PlannedBytes = plan.Sheet.Sum,
            Accounts = plan.Sheet.Accounts.ToDictionary(a => a.Name, a => a.LimitBytes),
            PinnedBytes = plan.PinnedBytes,
            DenseBytes = plan.DenseBytes,
            StreamedBytesPerToken = plan.StreamedBytesPerToken,
            SlotBytes = plan.SlotBytes,
            PrefetchDepth = plan.PrefetchDepth,
            Context = plan.Context,
            Sequences = plan.Memory.Sequences,
            KvPages = plan.Memory.Pages,
            ContextOfEach = plan.Memory.ContextOfEach,
            Threads = plan.Threads,
            ExpertPolicy = hasExperts ? plan.Experts.Policy.Name : null,
            ExpertsPerToken = hasExperts ? FewerExperts.MostUsed(plan.Spec) : null,
            Lossy = plan.Lossy,
        };
    }
}
