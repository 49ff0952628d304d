namespace LayerStream.Planning.Experts;

/// <summary>
/// Which experts stay. A pass calls <see cref="Begin"/>, then for each layer <see cref="Touch"/>, then <see cref="Admit"/> for each miss.
/// No clock, no I/O, no allocation after construction; the same calls give the same answers. Not safe for concurrent use.
/// </summary>
public interface IExpertPolicy
{
    /// <summary>Slots of all layers.</summary>
    int Slots { get; }

    /// <summary>A new pass (token) begins.</summary>
    void Begin();

    /// <summary>
    /// Tells the experts that the pass is routed to in a layer, distinct, strongest first, with their weights (sums over the rows of a
    /// batch).
    /// Fills <paramref name="hits"/>, and returns their count. Until the layer's next touch, or another layer's, none of these experts is
    /// replaced.
    /// </summary>
    int Touch(int layer, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights, Span<bool> hits);

    /// <summary>
    /// Decides on a missed expert of the layer touched last: gives it a slot, whose occupant loses it at once, or -1: it is computed
    /// in the slot it was read into, and not kept.
    /// </summary>
    int Admit(int layer, int expert);

    /// <summary>Slot of a resident expert, or -1.</summary>
    int SlotOf(int layer, int expert);

    /// <summary>Takes an expert's slot away, for instance because its read failed.</summary>
    void Drop(int layer, int expert);
}
