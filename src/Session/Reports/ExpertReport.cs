using LayerStream.Actors;
using LayerStream.Models.Spec;
using LayerStream.Planning;

namespace LayerStream.Session.Reports;

/// <summary>How a plan keeps experts, and what a replay of routing says of it.</summary>
public sealed record ExpertReport
{
    /// <summary>Policy that decides which experts stay.</summary>
    public required string Policy { get; init; }

    /// <summary>Experts that a token is routed to in a layer.</summary>
    public required int PerToken { get; init; }

    /// <summary>Whether all experts stay in memory.</summary>
    public required bool AllResident { get; init; }

    /// <summary>Slots of each layer.</summary>
    public required IReadOnlyList<int> SlotsPerLayer { get; init; }

    /// <summary>Slots for experts that stay.</summary>
    public required int ResidentSlots { get; init; }

    /// <summary>Slots for experts that pass through.</summary>
    public required int TransientSlots { get; init; }

    /// <summary>Bytes of all slots.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes of the experts that a token is routed to.</summary>
    public required long RoutedBytesPerToken { get; init; }

    /// <summary>Where the routing comes from: recorded or synthetic.</summary>
    public required string Routing { get; init; }

    /// <summary>Share of the routed experts found in memory.</summary>
    public required double ExpectedHitRate { get; init; }

    /// <summary>Bytes of the experts that were not.</summary>
    public required double ExpectedMissBytesPerToken { get; init; }

    /// <summary>Whether there are fewer slots than one token needs.</summary>
    public required bool BelowOneToken { get; init; }

    /// <summary>The figures of a plan and a replay through it.</summary>
    public static ExpertReport Of(EnginePlan plan, PlannedReplay replay) => new()
    {
        Policy = plan.Experts.Policy.Name,
        PerToken = FewerExperts.MostUsed(plan.Spec),
        AllResident = plan.Experts.AllResident,
        SlotsPerLayer = [.. plan.Experts.SlotsPerBank],
        ResidentSlots = plan.Experts.ResidentSlots,
        TransientSlots = plan.Experts.TransientSlots,
        Bytes = plan.Experts.Bytes,
        RoutedBytesPerToken = plan.Experts.RoutedBytesPerToken,
        Routing = replay.IsRecorded ? "recorded" : "synthetic",
        ExpectedHitRate = replay.HitRate,
        ExpectedMissBytesPerToken = replay.MissBytesPerToken,
        BelowOneToken = plan.Experts.BelowOneToken,
    };
}
