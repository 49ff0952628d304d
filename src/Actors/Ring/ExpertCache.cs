using LayerStream.Actors.Kept;
using LayerStream.Planning;
using LayerStream.Planning.Experts;

namespace LayerStream.Actors.Ring;

/// <summary>
/// Which experts stay in the resident slots, one policy for each size of slot. It decides when a layer demands, before anything is read:
/// who is kept does not depend on the order in which reads end, and a kept expert is read straight into its slot. Used by one thread at
/// a time: compute in a run, eviction when it is over.
/// </summary>
internal sealed class ExpertCache
{
    private readonly IExpertPolicy[] _policies;
    private readonly int[] _class;      // [bank]
    private readonly int[] _classLayer; // [bank] layer as its policy numbers it

    internal ExpertCache(ExpertPlan plan)
    {
        _policies = new IExpertPolicy[plan.Classes.Count];
        (_class, _classLayer) = (new int[plan.Layouts.Count], new int[plan.Layouts.Count]);
        for (int c = 0; c < _policies.Length; c++)
        {
            ExpertSlotClass slots = plan.Classes[c];
            _policies[c] = plan.Policy.Create(new ExpertCacheShape(slots.Experts, slots.Routed, slots.SlotsPerBank));
            for (int i = 0; i < slots.Banks.Count; i++)
            {
                (_class[slots.Banks[i]], _classLayer[slots.Banks[i]]) = (c, i);
            }
        }
    }

    internal void BeginPass()
    {
        foreach (IExpertPolicy policy in _policies)
        {
            policy.Begin();
        }
    }

    /// <summary>See <see cref="IExpertPolicy.Touch"/>.</summary>
    internal int Touch(int bank, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights, Span<bool> hits) =>
        _policies[_class[bank]].Touch(_classLayer[bank], experts, weights, hits);

    /// <summary>See <see cref="IExpertPolicy.Admit"/>; the slot is one of the bank's class.</summary>
    internal int Admit(int bank, int expert) => _policies[_class[bank]].Admit(_classLayer[bank], expert);

    internal int SlotOf(int bank, int expert) => _policies[_class[bank]].SlotOf(_classLayer[bank], expert);

    /// <summary>The experts that have slots, bank by bank.</summary>
    internal IReadOnlyList<HotExpert> Residents(ExpertPlan plan)
    {
        List<HotExpert> found = [];
        for (int bank = 0; bank < plan.Layouts.Count; bank++)
        {
            for (int e = 0; e < plan.Layouts[bank].Bank.Experts; e++)
            {
                if (SlotOf(bank, e) >= 0)
                {
                    found.Add(new HotExpert(bank, e));
                }
            }
        }

        return found;
    }

    internal void Drop(int bank, int expert) => _policies[_class[bank]].Drop(_classLayer[bank], expert);
}
