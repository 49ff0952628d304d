using System.Diagnostics;
using LayerStream.Models;

namespace LayerStream.Actors;

/// <summary>
/// Compute's end of the demand channel. A layer's hits are handed out first, while the misses load; then experts as they arrive. What is
/// kept is decided at the demand: the evicted expert is not of this layer's choice, so its slot can take the read at once and no expert
/// is copied.
/// </summary>
internal sealed class RingExpertSource : IExpertSource
{
    private readonly ExpertRing _ring;
    private readonly PassAccount _account;
    private readonly TileNames _names;
    private readonly int[] _order;     // the layer's experts, strongest first
    private readonly float[] _weights; // negative, for the sort
    private readonly bool[] _isHit;
    private readonly int[] _hits;
    private CancellationToken _cancel;
    private int _bank = -1;
    private int _hitCount;
    private int _hitsTaken;
    private int _missCount;
    private int _missesTaken;

    internal RingExpertSource(ExpertRing ring, PassAccount account, TileNames names)
    {
        (_ring, _account, _names) = (ring, account, names);
        (_order, _weights, _isHit, _hits) = (new int[ring.MostExperts], new float[ring.MostExperts], new bool[ring.MostExperts], new int[ring.MostExperts]);
    }

    internal void BeginRun(CancellationToken cancel)
    {
        _cancel = cancel;
        (_hitCount, _hitsTaken, _missCount, _missesTaken) = (0, 0, 0, 0);
    }

    internal void BeginPass() => _ring.Cache.BeginPass();

    /// <inheritdoc/>
    public void Demand(int bank, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights)
    {
        if (_hitsTaken != _hitCount || _missesTaken != _missCount)
        {
            throw new InvalidOperationException($"bank {bank} demands while experts of bank {_bank} have not been taken");
        }

        _cancel.ThrowIfCancellationRequested();
        (_bank, _hitsTaken, _hitCount, _missesTaken, _missCount) = (bank, 0, 0, 0, 0);
        if (_ring.AllResident)
        {
            experts.CopyTo(_hits);
            _hitCount = experts.Length;
        }
        else
        {
            _ring.BeginLayer(bank, _account.Pass);
            Look(experts, weights);
            // Those with a slot of their own first: they do not wait for a transient one.
            Ask(experts.Length);
        }

        _account.ExpertHits += _hitCount;
        _account.ExpertMisses += _missCount;
    }

    /// <inheritdoc/>
    public bool IsResident(int bank, int expert) => _ring.AllResident || _ring.Cache.SlotOf(bank, expert) >= 0;

    /// <inheritdoc/>
    public ExpertLease Take()
    {
        if (_hitsTaken < _hitCount)
        {
            int expert = _hits[_hitsTaken++];
            int slot = _ring.AllResident ? _ring.Slots.Own(_bank, expert) : _ring.Cache.SlotOf(_bank, expert);
            return _ring.Slots.Lease(_bank, expert, slot, _ring.Slots.Resident(_bank, slot));
        }

        if (_missesTaken == _missCount)
        {
            throw new InvalidOperationException($"more experts of bank {_bank} are taken than were demanded");
        }

        _cancel.ThrowIfCancellationRequested();
        LoadedExpert loaded = AwaitArrival();
        _missesTaken++;
        return _ring.Lease(loaded);
    }

    /// <inheritdoc/>
    public void Release(in ExpertLease lease)
    {
        int tile = _names.Expert(_bank, lease.Expert);
        _account.EndCompute(Stopwatch.GetTimestamp(), tile);
        if (lease.Slot < 0)
        {
            TileRing.Write(_ring.Spent, new SpentTile(~lease.Slot, tile, _account.Pass));
        }
        else if (_missesTaken == 0)
        {
            // A resident one: nothing has waited, so nobody has looked whether the answer is still wanted.
            _cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Hits of the layer's experts, by the policy.</summary>
    private void Look(ReadOnlySpan<int> experts, ReadOnlySpan<float> weights)
    {
        int count = experts.Length;
        experts.CopyTo(_order);
        for (int i = 0; i < count; i++)
        {
            _weights[i] = -weights[i];
        }

        _weights.AsSpan(0, count).Sort(_order.AsSpan(0, count));
        for (int i = 0; i < count; i++)
        {
            _weights[i] = -_weights[i];
        }

        _ring.Cache.Touch(_bank, _order.AsSpan(0, count), _weights.AsSpan(0, count), _isHit.AsSpan(0, count));
        for (int i = 0; i < count; i++)
        {
            if (_isHit[i])
            {
                _hits[_hitCount++] = _order[i];
            }
        }
    }

    /// <summary>Asks for the misses: those that will be kept, then those that only pass through.</summary>
    private void Ask(int count)
    {
        int passing = 0;
        for (int i = 0; i < count; i++)
        {
            if (_isHit[i])
            {
                continue;
            }

            int slot = _ring.Cache.Admit(_bank, _order[i]);
            if (slot >= 0)
            {
                _ring.Ask(_order[i], slot);
                _missCount++;
            }
            else
            {
                _order[passing++] = _order[i];
            }
        }

        for (int i = 0; i < passing; i++)
        {
            _ring.Ask(_order[i], -1);
            _missCount++;
        }

        long bytes = _missCount * _ring.ExpertBytesOf(_bank);
        _account.DemandedBytes += bytes;
        _account.ExpertBytes += bytes;
    }

    private LoadedExpert AwaitArrival()
    {
        if (_ring.Loaded.Reader.TryRead(out LoadedExpert loaded))
        {
            return loaded;
        }

        long begin = Stopwatch.GetTimestamp();
        _account.EndCompute(begin, -1);
        StallReason reason = _ring.InFlight == 0 && _ring.Free.Reader.Count == 0 ? StallReason.BudgetEvict : StallReason.DiskDemand;
        while (!_ring.Loaded.Reader.TryRead(out loaded))
        {
            _ring.Arrived.Wait(_cancel);
        }

        _account.EndWait(begin, _ring.TileOf(loaded), reason);
        return loaded;
    }
}
