using LayerStream.Models.Spec;
using LayerStream.Planning.Experts;

namespace LayerStream.Planning;

/// <summary>What a budget keeps of the experts, and what that is expected to save.</summary>
public sealed record ExpertPlan
{
    /// <summary>The plan of a model without experts.</summary>
    public static ExpertPlan None { get; } = new()
    {
        Layouts = [],
        Classes = [],
        TransientSlots = 0,
        TransientSlotBytes = 0,
        ExpectedHitRate = 0,
        ExpectedMissBytesPerToken = 0,
        RoutedBytesPerToken = 0,
    };

    /// <summary>Per bank: how an expert lies in a slot.</summary>
    public required IReadOnlyList<ExpertLayout> Layouts { get; init; }

    /// <summary>Resident slots by size.</summary>
    public required IReadOnlyList<ExpertSlotClass> Classes { get; init; }

    /// <summary>Slots for missed experts that are not kept; 0 when all experts are resident.</summary>
    public required int TransientSlots { get; init; }

    /// <summary>Bytes of one of them: the largest expert fits, or an expert of each size beside one of every other.</summary>
    public required long TransientSlotBytes { get; init; }

    /// <summary>Whether a transient slot has a place of its own for each size.</summary>
    public bool HasPlacePerClass => TransientSlotBytes == Classes.Sum(c => c.SlotBytes);

    /// <summary>Share of a token's routed experts expected in memory, from a prior of their popularity.</summary>
    public required double ExpectedHitRate { get; init; }

    /// <summary>Bytes of experts that a token is expected to read.</summary>
    public required double ExpectedMissBytesPerToken { get; init; }

    /// <summary>Bytes of the experts that one token is routed to.</summary>
    public required long RoutedBytesPerToken { get; init; }

    /// <summary>Who decides which experts stay.</summary>
    public ExpertPolicyRow Policy { get; init; } = ExpertPolicies.Find(ExpertPolicies.Default)!;

    /// <summary>Bytes of all slots.</summary>
    public long Bytes => Classes.Sum(c => c.Bytes) + (TransientSlotBytes * TransientSlots);

    /// <summary>Of them, those of the transient slots behind the first: they come from the reserve.</summary>
    public long ReserveBytes => TransientSlotBytes * Math.Max(0, TransientSlots - 1);

    /// <summary>Resident slots of all banks.</summary>
    public int ResidentSlots => Classes.Sum(c => c.Slots);

    /// <summary>Resident slots by bank.</summary>
    public IReadOnlyList<int> SlotsPerBank
    {
        get
        {
            int[] slots = new int[Layouts.Count];
            foreach (ExpertSlotClass c in Classes)
            {
                for (int i = 0; i < c.Banks.Count; i++)
                {
                    slots[c.Banks[i]] = c.SlotsPerBank[i];
                }
            }

            return slots;
        }
    }

    /// <summary>Whether every expert has a slot of its own and none is ever read again.</summary>
    public bool AllResident => ResidentSlots == Layouts.Sum(l => l.Bank.Experts);

    /// <summary>The cliff: resident slots for less than one token's experts, where recency alone would hit nothing.</summary>
    public bool BelowOneToken => !AllResident && Classes.Sum(c => c.Bytes) < RoutedBytesPerToken;

    /// <summary>Bytes of managed heap that the policies and tables of a model's banks take: values, decayed uses, remembered tokens,
    /// requests.</summary>
    public static long ManagedBytes(ModelSpec spec) =>
        spec.ExpertBanks.Count == 0 ? 0 : (1 << 20) + spec.ExpertBanks.Sum(b => (96L * b.Experts) + (1024L * b.Used));
}
