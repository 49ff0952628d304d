using LayerStream.Planning;

namespace LayerStream.Actors.Ring;

/// <summary>
/// Weights in slots that the depth in force has no use for: such a tile is read once more and then lies in memory like a pinned one,
/// until depth wants its slot back. Passes that prefetch was told of keep to what it was told: what is held or given back counts from the
/// first pass behind them. For the compute thread only, and for others while no run is active.
/// </summary>
internal sealed class HeldTiles
{
    private const int Never = int.MaxValue;
    private const uint Spread = 0x9E3779B1; // 2^32 ÷ the golden ratio: neighbours in the pass are far apart in the order of ranks

    private readonly TileRing _ring;
    private readonly int[] _streamed; // in the order of reading
    private readonly int[] _ranks;    // of every tile: 0 is held first
    private readonly Stay[] _stays;   // of every tile
    private readonly List<int> _held = [];
    private int _announced = -1, _lastChange = -1, _toldFrom = -1;
    private int[] _told;

    /// <param name="ring">Whose slots they lie in.</param>
    /// <param name="memory">What streams.</param>
    internal HeldTiles(TileRing ring, MemoryPlan memory)
    {
        _ring = ring;
        int tiles = memory.Tiles.Tiles.Count;
        _streamed = _told = [.. Enumerable.Range(0, tiles).Where(tile => !memory.Pinned[tile])];
        _stays = new Stay[tiles];
        Array.Fill(_stays, Stay.None);
        _ranks = new int[tiles];
        Array.Fill(_ranks, Never);
        int rank = 0;
        foreach (int tile in _streamed.OrderByDescending(t => memory.Tiles.Tiles[t].Extent.Length).ThenBy(t => unchecked((uint)t * Spread)))
        {
            _ranks[tile] = rank++;
        }
    }

    /// <summary>Slots that hold a tile.</summary>
    internal int Count => _held.Count;

    private int Wanted => _ring.Slots - _ring.WantedSlots;

    /// <summary>Prefetch is told of a pass; gives the tiles that it has to read for it, in order.</summary>
    internal IReadOnlyList<int> Announce(int pass)
    {
        _announced = pass;
        if (pass < _lastChange || _toldFrom < _lastChange)
        {
            _told = _held.Count == 0 ? _streamed : [.. _streamed.Where(tile => !_stays[tile].Covers(pass))];
            _toldFrom = pass;
        }

        return _told;
    }

    /// <summary>Address of the tile's first row when the pass finds it here, else 0.</summary>
    internal nint Payload(int tile, int pass) => _stays[tile].Covers(pass) ? _stays[tile].Payload : 0;

    /// <summary>Takes over the slot of a tile that compute has done with, if depth leaves one unused; false = the slot goes on its
    /// way.</summary>
    internal bool Keep(int tile, int slot, nint payload)
    {
        if (_held.Count >= Wanted || _ranks[tile] >= Wanted || _stays[tile].Slot >= 0 || !_ring.TryTakeOut())
        {
            return false;
        }

        _stays[tile] = new Stay(slot, payload, _announced + 1, Never);
        _lastChange = _announced + 1;
        _held.Add(tile);
        return true;
    }

    /// <summary>Gives back slots whose time is over, and sets the time of those that depth wants back.</summary>
    internal void BeginPass(int pass)
    {
        int wanted = Wanted;
        for (int i = _held.Count - 1; i >= 0; i--)
        {
            ref Stay stay = ref _stays[_held[i]];
            if (stay.Until <= pass)
            {
                _ring.BringBack(new SpentTile(stay.Slot, _held[i], pass));
                stay = Stay.None;
                _held.RemoveAt(i);
            }
            else if (_ranks[_held[i]] >= wanted && stay.Until == Never)
            {
                stay = stay with { Until = _announced + 1 };
                _lastChange = _announced + 1;
            }
        }
    }

    /// <summary>Gives back all slots; only while no run is active.</summary>
    /// <param name="take">Takes each of them.</param>
    internal void Clear(Action<int> take)
    {
        foreach (int tile in _held)
        {
            take(_stays[tile].Slot);
            _stays[tile] = Stay.None;
        }

        _held.Clear();
        (_told, _lastChange, _toldFrom) = (_streamed, -1, -1);
    }

    /// <summary>A tile's stay: in which slot, and the passes that find it there.</summary>
    private readonly record struct Stay(int Slot, nint Payload, int From, int Until)
    {
        internal static Stay None => new(-1, 0, Never, Never);

        internal bool Covers(int pass) => From <= pass && pass < Until;
    }
}
