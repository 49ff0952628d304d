namespace LayerStream.Planning;

/// <summary>Banks whose experts take nearly the same room and therefore share slots: no slot is more than 5 % larger than what it
/// holds.</summary>
/// <param name="SlotBytes">Bytes of a slot, a multiple of 4096.</param>
/// <param name="Banks">Ids of the banks, ascending.</param>
/// <param name="SlotsPerBank">Resident slots of each of them.</param>
/// <param name="Experts">Most experts of a bank.</param>
/// <param name="Routed">Most experts a token uses of a bank.</param>
public sealed record ExpertSlotClass(long SlotBytes, IReadOnlyList<int> Banks, IReadOnlyList<int> SlotsPerBank, int Experts, int Routed)
{
    /// <summary>Resident slots.</summary>
    public int Slots => SlotsPerBank.Sum();

    /// <summary>Bytes of the resident slots.</summary>
    public long Bytes => SlotBytes * Slots;
}
