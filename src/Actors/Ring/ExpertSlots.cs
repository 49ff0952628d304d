using LayerStream.Memory;
using LayerStream.Models;
using LayerStream.Planning;

namespace LayerStream.Actors;

/// <summary>The memory of all expert slots: resident ones by class, transient ones behind them.</summary>
internal sealed class ExpertSlots : IDisposable
{
    private readonly ExpertPlan _plan;
    private readonly AlignedBuffer? _arena;
    private readonly nint[] _classBegin; // [bank] address of its class's first slot
    private readonly long[] _classBytes; // [bank] bytes of a slot of its class
    private readonly int[] _own;         // [bank] its first slot when every expert has one
    private readonly nint _transients;

    internal ExpertSlots(ExpertPlan plan)
    {
        _plan = plan;
        (_classBegin, _classBytes, _own) = (new nint[plan.Layouts.Count], new long[plan.Layouts.Count], new int[plan.Layouts.Count]);
        _arena = plan.Bytes == 0 ? null : AlignedBuffer.Allocate(plan.Bytes, "expert slots");
        nint at = _arena?.Address ?? 0;
        foreach (ExpertSlotClass slots in plan.Classes)
        {
            int own = 0;
            for (int i = 0; i < slots.Banks.Count; i++)
            {
                int bank = slots.Banks[i];
                (_classBegin[bank], _classBytes[bank], _own[bank]) = (at, slots.SlotBytes, own);
                own += slots.SlotsPerBank[i];
            }

            at += (nint)slots.Bytes;
        }

        _transients = at;
    }

    /// <summary>Address of a resident slot of a bank's class.</summary>
    internal nint Resident(int bank, int slot) => _classBegin[bank] + (nint)(_classBytes[bank] * slot);

    /// <summary>The resident slot of an expert when every one has its own.</summary>
    internal int Own(int bank, int expert) => _own[bank] + expert;

    /// <summary>Address of a transient slot.</summary>
    internal nint Transient(int slot) => _transients + (nint)(_plan.TransientSlotBytes * slot);

    /// <summary>The expert in the slot at an address; <paramref name="slot"/> is handed back with it.</summary>
    internal ExpertLease Lease(int bank, int expert, int slot, nint address)
    {
        ExpertLayout layout = _plan.Layouts[bank];
        nint Slab(int matrix) => address + (nint)layout.SlabBegin(matrix, expert);
        return new ExpertLease(expert, slot, Slab(0), Slab(1), layout.Matrices > 2 ? Slab(2) : 0);
    }

    public void Dispose() => _arena?.Dispose();
}
