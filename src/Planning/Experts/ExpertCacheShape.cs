namespace LayerStream.Planning.Experts;

/// <summary>Sizes of an expert cache.</summary>
/// <param name="Experts">Experts per layer, E.</param>
/// <param name="Routed">Experts a token is routed to in each layer, K.</param>
/// <param name="SlotsPerLayer">Slots of each layer; 0 for a layer without experts or without slots.</param>
public sealed record ExpertCacheShape(int Experts, int Routed, IReadOnlyList<int> SlotsPerLayer)
{
    /// <summary>Layers, L.</summary>
    public int Layers => SlotsPerLayer.Count;

    /// <summary>The same number of slots in every layer.</summary>
    public static ExpertCacheShape Even(int layers, int experts, int routed, int slots) =>
        new(experts, routed, [.. Enumerable.Repeat(slots, layers)]);
}
