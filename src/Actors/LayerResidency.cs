using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;

namespace LayerStream.Actors;

/// <summary>What of a layer is in memory when compute comes for it.</summary>
/// <param name="Layer">The layer; −1 = outside the layers, as the head is.</param>
/// <param name="DenseBytes">Bytes of its matrices; every token uses all of them.</param>
/// <param name="HeldBytes">Of them, those that stay in memory.</param>
/// <param name="ExpertHits">Experts of it that passes demanded since the start and that were in memory.</param>
/// <param name="ExpertMisses">Experts of it that passes demanded since the start and that had to be read.</param>
public sealed record LayerResidency(int Layer, long DenseBytes, long HeldBytes, long ExpertHits, long ExpertMisses)
{
    internal static IReadOnlyList<LayerResidency> Of(EngineParts parts, EnginePlan plan)
    {
        SortedDictionary<int, LayerResidency> layers = [];
        void Add(int layer, long dense, long held, long hits, long misses)
        {
            LayerResidency known = layers.GetValueOrDefault(layer) ?? new LayerResidency(layer, 0, 0, 0, 0);
            layers[layer] = new LayerResidency(layer, known.DenseBytes + dense, known.HeldBytes + held, known.ExpertHits + hits,
                known.ExpertMisses + misses);
        }

        foreach (Tile tile in plan.Memory.Tiles.Tiles)
        {
            Add(plan.Spec.Matrices[tile.Matrix].Layer, tile.Extent.Length, plan.Memory.Pinned[tile.Index] ? tile.Extent.Length : 0, 0, 0);
        }

        foreach (ExpertBank bank in plan.Spec.ExpertBanks)
        {
            Add(bank.Layer, 0, 0, parts.Experts.Found.Hits[bank.Id], parts.Experts.Found.Misses[bank.Id]);
        }

        return [.. layers.Values];
    }
}
