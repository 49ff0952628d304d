namespace LayerStream.Actors.Ring;

/// <summary>An entry for every wait of the data plane and of the engine that ends a run.</summary>
internal sealed class WaitBoard
{
    internal Waiter Compute { get; } = new("compute");

    internal Waiter Prefetch { get; } = new("prefetch");

    internal Waiter Demand { get; } = new("demand");

    internal Waiter Eviction { get; } = new("eviction");

    internal Waiter Engine { get; } = new("the engine");

    /// <summary>Waits begun by anyone so far: unchanged means that nobody has moved on.</summary>
    internal long Waits => All.Sum(w => w.Waits);

    private IEnumerable<Waiter> All => [Compute, Prefetch, Demand, Eviction, Engine];

    /// <summary>Who waits for what since when.</summary>
    internal string Describe() => string.Join("; ", All.Select(w => w.Describe()).Where(d => d is not null));
}
