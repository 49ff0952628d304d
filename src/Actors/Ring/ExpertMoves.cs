using System.Threading.Channels;

namespace LayerStream.Actors.Ring;

/// <summary>
/// Experts that were read ahead into a transient slot and are to stay. Places of one size are exchanged. Where sizes differ, the expert is
/// computed where it lies and copied while compute waits for others, at the latest before the next layer's are demanded: until then nobody
/// looks for it. For the compute thread only, and for eviction while no run is active.
/// </summary>
internal sealed class ExpertMoves(ExpertSlots slots, Channel<SpentTile> spent)
{
    private readonly Queue<Move> _moves = [];

    /// <summary>An expert comes to stay; gives the address at which it is to be computed.</summary>
    /// <param name="bank">Its bank.</param>
    /// <param name="slot">The resident slot, which nobody uses.</param>
    /// <param name="transient">What is spent once it lies there.</param>
    internal nint Keep(int bank, int slot, SpentTile transient)
    {
        if (slots.TrySwap(bank, slot, transient.Slot))
        {
            TileRing.Write(spent, transient);
            return slots.Resident(bank, slot);
        }

        _moves.Enqueue(new Move(bank, slot, transient));
        return slots.Transient(bank, transient.Slot);
    }

    /// <summary>Copies one, when no expert is in use; false = there is none.</summary>
    internal bool TryOne()
    {
        if (!_moves.TryDequeue(out Move move))
        {
            return false;
        }

        slots.Copy(move.Bank, move.Slot, move.Transient.Slot);
        TileRing.Write(spent, move.Transient);
        return true;
    }

    /// <summary>Copies all that are left.</summary>
    internal void All()
    {
        while (TryOne())
        {
        }
    }

    /// <summary>The same when the run has ended, and the ring brings the transient slots home by itself.</summary>
    internal void Settle()
    {
        while (_moves.TryDequeue(out Move move))
        {
            slots.Copy(move.Bank, move.Slot, move.Transient.Slot);
        }
    }

    private readonly record struct Move(int Bank, int Slot, SpentTile Transient);
}
