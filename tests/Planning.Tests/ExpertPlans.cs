using LayerStream.Formats;
using LayerStream.Models.Spec;
using LayerStream.Planning.Experts;

namespace LayerStream.Planning.Tests;

/// <summary>Plans of models that exist only as sizes.</summary>
internal static class ExpertPlans
{
    internal const long ExpertBytes = 4096;

    /// <summary>One layer after the other with experts of 4,096 bytes, the same number of slots in each.</summary>
    internal static ExpertPlan Even(int layers, int experts, int used, int slots, string policy = ExpertPolicies.Default)
    {
        ExpertLayout[] layouts = [.. Enumerable.Range(0, layers).Select(l => new ExpertLayout(new ExpertBank
        {
            Id = l,
            Layer = l,
            Experts = experts,
            Used = used,
            Matrices =
                [new ExpertMatrix(new TensorInfo($"{l}", TensorType.F32, [16, 64, experts], new Extent(0, 0, ExpertBytes * experts)), 64)],
        }))];
        return new ExpertPlan
        {
            Layouts = layouts,
            Classes = [new ExpertSlotClass(ExpertBytes, [.. Enumerable.Range(0, layers)], [.. Enumerable.Repeat(slots, layers)],
                experts, used)],
            TransientSlots = 2,
            TransientSlotBytes = ExpertBytes,
            ExpectedHitRate = 0,
            ExpectedMissBytesPerToken = 0,
            RoutedBytesPerToken = ExpertBytes * used * layers,
            Policy = ExpertPolicies.Find(policy)!,
        };
    }
}
