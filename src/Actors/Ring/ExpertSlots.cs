using LayerStream.Kernels.Ops;
using LayerStream.Memory;
using LayerStream.Models.Decoding;
using LayerStream.Planning;

namespace LayerStream.Actors.Ring;

/// <summary>
/// The memory of all expert slots: resident ones by class, transient ones behind them. A slot is a number with an address, which changes
/// when an expert read into a transient slot comes to stay; a transient one may have an address for each class.
/// </summary>
internal sealed class ExpertSlots : IDisposable
{
    private readonly ExpertPlan _plan;
    private readonly AlignedBuffer? _arena;
    private readonly AlignedBuffer? _reserve; // of the transient slots behind the first
    private readonly nint[][] _resident; // [bank][slot] addresses, those of its class
    private readonly nint[][] _transient; // [bank][slot] addresses, those of its class or of all
    private readonly bool[] _swaps;       // [bank] whether transient places have the size of its slots
    private readonly int[] _own;          // [bank] its first slot when every expert has one

    internal ExpertSlots(ExpertPlan plan, BudgetSheet sheet)
    {
        _plan = plan;
        int banks = plan.Layouts.Count;
        (_resident, _transient, _swaps, _own) = (new nint[banks][], new nint[banks][], new bool[banks], new int[banks]);
        _arena = plan.Bytes == 0 ? null
            : sheet.Allocate(AccountNames.ExpertSlots, plan.Bytes - plan.ReserveBytes, hugePages: true);
        _reserve = plan.ReserveBytes == 0 ? null : sheet.Allocate(AccountNames.SlotReserve, plan.ReserveBytes, hugePages: true);
        nint at = _arena?.Address ?? 0;
        foreach (ExpertSlotClass slots in plan.Classes)
        {
            int own = 0;
            nint[] addresses = [.. Enumerable.Range(0, slots.Slots).Select(s => at + (nint)(slots.SlotBytes * s))];
            for (int i = 0; i < slots.Banks.Count; i++)
            {
                int bank = slots.Banks[i];
                (_resident[bank], _own[bank]) = (addresses, own);
                own += slots.SlotsPerBank[i];
            }

            at += (nint)slots.Bytes;
        }

        nint[] transients = [.. Enumerable.Range(0, plan.TransientSlots).Select(
            s => s == 0 ? at : _reserve!.Address + (nint)(plan.TransientSlotBytes * (s - 1)))];
        nint place = 0;
        foreach (ExpertSlotClass slots in plan.Classes)
        {
            nint[] places = plan.HasPlacePerClass ? [.. transients.Select(t => t + place)] : transients;
            foreach (int bank in slots.Banks)
            {
                (_transient[bank], _swaps[bank]) = (places, plan.HasPlacePerClass || slots.SlotBytes == plan.TransientSlotBytes);
            }

            place += (nint)slots.SlotBytes;
        }
    }

    /// <summary>The memory; null without slots.</summary>
    internal AlignedBuffer? Arena => _arena;

    /// <summary>Address of a resident slot of a bank's class.</summary>
    internal nint Resident(int bank, int slot) => _resident[bank][slot];

    /// <summary>The resident slot of an expert when every one has its own.</summary>
    internal int Own(int bank, int expert) => _own[bank] + expert;

    /// <summary>Address of a transient slot for experts of a bank.</summary>
    internal nint Transient(int bank, int slot) => _transient[bank][slot];

    /// <summary>Brings the expert of a transient slot into a resident one that nobody uses: the two change places; false where their sizes
    /// differ.</summary>
    internal bool TrySwap(int bank, int slot, int transient)
    {
        if (!_swaps[bank])
        {
            return false;
        }

        ref nint to = ref _resident[bank][slot], from = ref _transient[bank][transient];
        (to, from) = (from, to);
        return true;
    }

    /// <summary>Copies the expert of a transient slot into a resident one that nobody uses.</summary>
    internal void Copy(int bank, int slot, int transient) => VectorOps.Copy(
        _transient[bank][transient], _resident[bank][slot], checked((int)(_plan.Layouts[bank].SlotBytes / sizeof(float))));

    /// <summary>The expert in the slot at an address; <paramref name="slot"/> is handed back with it.</summary>
    internal ExpertLease Lease(int bank, int expert, int slot, nint address)
    {
        ExpertLayout layout = _plan.Layouts[bank];
        nint Slab(int matrix) => address + (nint)layout.SlabBegin(matrix, expert);
        return new ExpertLease(expert, slot, Slab(0), Slab(1), layout.Matrices > 2 ? Slab(2) : 0);
    }

    public void Dispose()
    {
        _arena?.Dispose();
        _reserve?.Dispose();
    }
}
