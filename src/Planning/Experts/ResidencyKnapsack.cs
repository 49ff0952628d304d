namespace LayerStream.Planning.Experts;

/// <summary>A dense tile that may be pinned.</summary>
/// <param name="Bytes">Bytes of memory it takes.</param>
/// <param name="SavedBytesPerToken">Bytes a token need not read when it is pinned; its size, for a tile that every token uses once.</param>
public readonly record struct DenseItem(long Bytes, double SavedBytesPerToken);

/// <summary>The experts of a layer.</summary>
/// <param name="SlotBytes">Bytes of memory a slot takes; 0 for a layer without experts.</param>
/// <param name="ExpertBytes">Bytes read for one expert.</param>
/// <param name="Experts">Experts of the layer, the most slots of use.</param>
/// <param name="Curve">What each slot is worth.</param>
public sealed record ExpertLayerItem(long SlotBytes, long ExpertBytes, int Experts, HitCurve Curve);

/// <summary>What a budget keeps.</summary>
/// <param name="Pinned">Per dense tile.</param>
/// <param name="SlotsPerLayer">Expert slots of each layer.</param>
/// <param name="UsedBytes">Memory taken; never above the budget.</param>
/// <param name="SavedBytesPerToken">Bytes a token is expected not to read.</param>
/// <param name="ExpertBytes">Memory of the expert slots.</param>
/// <param name="RoutedBytesPerToken">Bytes of the experts that one token is routed to.</param>
public sealed record ResidencyChoice(
    IReadOnlyList<bool> Pinned, IReadOnlyList<int> SlotsPerLayer, long UsedBytes, double SavedBytesPerToken, long ExpertBytes,
        long RoutedBytesPerToken)
{
    /// <summary>The cliff: a cache smaller than one token's experts, on which a plain LRU would hit nothing.</summary>
    public bool BelowOneToken => RoutedBytesPerToken > 0 && ExpertBytes < RoutedBytesPerToken;
}

/// <summary>
/// Dense tiles against expert slots, one knapsack over bytes saved per byte of memory. Greedy: with curves that fall, exact when all items
/// have one size, and otherwise short of the optimum by less than the value of one item (Dantzig 1957).
/// </summary>
public static class ResidencyKnapsack
{
    /// <summary>Chooses what is kept in <paramref name="budgetBytes"/>. Equal values: dense before experts, then slots spread evenly over
    /// the layers.</summary>
    /// <param name="routed">Experts a token is routed to in each layer, K.</param>
    public static ResidencyChoice Choose(IReadOnlyList<DenseItem> dense, IReadOnlyList<ExpertLayerItem> experts, int routed,
        long budgetBytes)
    {
        bool[] pinned = new bool[dense.Count];
        int[] slots = new int[experts.Count];
        // Lowest priority number comes first: density falling, then dense (0), then by the number of slots a layer has already.
        PriorityQueue<Item, (double Density, int Slots, int Index)> queue = new();
        for (int i = 0; i < dense.Count; i++)
        {
            queue.Enqueue(new Item(i, IsExpert: false, dense[i].Bytes, dense[i].SavedBytesPerToken),
                (-Density(dense[i].SavedBytesPerToken, dense[i].Bytes), -1, i));
        }

        for (int layer = 0; layer < experts.Count; layer++)
        {
            EnqueueSlot(queue, experts[layer], layer, 0);
        }

        long used = 0, expertBytes = 0;
        double saved = 0;
        while (queue.TryDequeue(out Item item, out _))
        {
            if (item.Bytes > budgetBytes - used || item.Saved <= 0)
            {
                continue; // smaller ones may fit yet; the further slots of this layer are of the same size
            }

            used += item.Bytes;
            saved += item.Saved;
            if (item.IsExpert)
            {
                expertBytes += item.Bytes;
                EnqueueSlot(queue, experts[item.Index], item.Index, ++slots[item.Index]);
            }
            else
            {
                pinned[item.Index] = true;
            }
        }

        return new ResidencyChoice(pinned, slots, used, saved, expertBytes, experts.Sum(e => e.ExpertBytes) * routed);
    }

    private static void EnqueueSlot(PriorityQueue<Item, (double, int, int)> queue, ExpertLayerItem layer, int index, int slot)
    {
        if (layer.SlotBytes > 0 && slot < Math.Min(layer.Experts, layer.Curve.Marginal.Count))
        {
            double saved = layer.Curve.Marginal[slot] * layer.ExpertBytes;
            queue.Enqueue(new Item(index, IsExpert: true, layer.SlotBytes, saved), (-Density(saved, layer.SlotBytes), slot, index));
        }
    }

    private static double Density(double saved, long bytes) => saved / Math.Max(1, bytes);

    private readonly record struct Item(int Index, bool IsExpert, long Bytes, double Saved);
}
