using System.Diagnostics;
using LayerStream.Actors.Tracing;
using LayerStream.Models.Decoding;
using LayerStream.Planning;

namespace LayerStream.Actors.Ring;

/// <summary>
/// Compute's end of the demand channel. A layer's hits are handed out first, while the misses load; then experts as they arrive. What is
/// kept is decided at the demand: the evicted expert is not of this layer's choice, so its slot can take the read at once and no expert
/// is copied.
/// </summary>
internal sealed class RingExpertSource : IExpertSource
{
    private const double SweepPart = 4.0 / 3; // of a layer's experts ÷ those demanded

    private readonly ExpertRing _ring;
    private readonly PassAccount _account;
    private readonly TileNames _names;
    private readonly int[] _order;     // the layer's experts, strongest first
    private readonly float[] _weights; // negative, for the sort
    private readonly bool[] _isHit;
    private readonly int[] _hits;
    private readonly PredictionMode _prediction;
    private readonly PredictionGate _gate = new();
    private readonly TransientTuning _tuning;
    private CancellationToken _cancel;
    private int _bank = -1;
    private int _hitCount;
    private int _hitsTaken;
    private int _missCount;
    private int _missesTaken;
    private int _sweptBank = -1; // predicted as a whole
    private bool _predicts;
    private bool _isSweep; // some layer of the pass took (nearly) all experts
    private PredictionPass _begin; // totals when the pass began

    internal RingExpertSource(ExpertRing ring, PassAccount account, TileNames names, PredictionMode prediction, TransientTuning tuning)
    {
        (_ring, _account, _names, _prediction, _tuning) = (ring, account, names, prediction, tuning);
        (_order, _weights, _isHit, _hits) = (new int[ring.MostExperts], new float[ring.MostExperts], new bool[ring.MostExperts],
            new int[ring.MostExperts]);
    }

    /// <summary>As <see cref="RingTileSource.Idle"/>.</summary>
    internal Func<bool>? Idle { get; init; }

    internal long PredictedBytesUseful => _ring.Predicted.UsefulBytes;

    internal long PredictedBytesWasted => _ring.Predicted.WastedBytes;

    internal void BeginRun(CancellationToken cancel)
    {
        _cancel = cancel;
        (_hitCount, _hitsTaken, _missCount, _missesTaken, _sweptBank) = (0, 0, 0, 0, -1);
    }

    internal void BeginPass()
    {
        _ring.Cache.BeginPass();
        (_begin, _isSweep, _sweptBank) = (Totals(), false, -1);
        _predicts = _ring.Streams && _ring.Predicted.HasRoom
            && (_prediction == PredictionMode.On || (_prediction == PredictionMode.Auto && _gate.Next()));
        _tuning.BeginPass();
    }

    internal void EndPass(int rows)
    {
        if (_isSweep)
        {
            return;
        }

        PredictionPass now = Totals();
        PredictionPass pass = new(_predicts, now.NeededBytes - _begin.NeededBytes, now.WaitTicks - _begin.WaitTicks,
            now.UsefulBytes - _begin.UsefulBytes, now.WastedBytes - _begin.WastedBytes);
        _gate.Observe(pass);
        _tuning.EndPass(pass, rows);
    }

    /// <inheritdoc/>
    public bool WantsPrediction(int bank) => _predicts && bank != _sweptBank;

    /// <inheritdoc/>
    public void Predict(int bank, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights, bool early)
    {
        int count = 0;
        for (int i = 0; i < experts.Length; i++)
        {
            if (_ring.Cache.SlotOf(bank, experts[i]) < 0)
            {
                (_order[count], _weights[count++]) = (experts[i], -weights[i]);
            }
        }

        _weights.AsSpan(0, count).Sort(_order.AsSpan(0, count));
        _ring.Predicted.Begin(bank, _account.Pass, _order.AsSpan(0, count), queues: early, _tuning.Slots);
    }

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
            _ring.Predicted.Release();
            Sweep(bank, experts.Length);
        }

        _account.ExpertHits += _hitCount;
        _account.ExpertMisses += _missCount;
        _ring.Found.Hits[bank] += _hitCount;
        _ring.Found.Misses[bank] += _missCount;
    }

    /// <inheritdoc/>
    public bool IsResident(int bank, int expert) => _ring.AllResident || _ring.Cache.SlotOf(bank, expert) >= 0;

    /// <inheritdoc/>
    public bool HasReady => _hitsTaken < _hitCount;

    /// <inheritdoc/>
    public ExpertLease Take()
    {
        if (_hitsTaken + _missesTaken == 0)
        {
            _account.EndCompute(Stopwatch.GetTimestamp(), -1); // the dense part ends here
        }

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
        _account.EndCompute(Stopwatch.GetTimestamp(), tile, isExpert: true);
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

    /// <summary>
    /// A layer whose rows took nearly all of its experts is followed by layers that do so too: the next one's are read, in the order of the
    /// file, into every transient slot that comes free while this one computes.
    /// </summary>
    private void Sweep(int bank, int demanded)
    {
        if (demanded * SweepPart < _ring.ExpertsOf(bank))
        {
            return;
        }

        _isSweep = true;
        int next = bank + 1, count = 0;
        if (_prediction == PredictionMode.Off || !_ring.Predicted.HasRoom || next >= _ring.Banks)
        {
            return;
        }

        for (int e = 0; e < _ring.ExpertsOf(next); e++)
        {
            if (_ring.Cache.SlotOf(next, e) < 0)
            {
                _order[count++] = e;
            }
        }

        _sweptBank = next;
        _ring.Predicted.Begin(next, _account.Pass, _order.AsSpan(0, count), queues: true);
    }

    private PredictionPass Totals() => new(
        _predicts, _account.ExpertBytes, _account.WaitTicks[(int)StallReason.DiskDemand], _ring.Predicted.UsefulBytes,
            _ring.Predicted.WastedBytes);

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
        _account.BeginWait(begin, "an expert");
        StallReason reason = _ring.InFlight == 0 && _ring.Free.Reader.Count == 0 ? StallReason.BudgetEvict : StallReason.DiskDemand;
        try
        {
            while (!_ring.Loaded.Reader.TryRead(out loaded))
            {
                _cancel.ThrowIfCancellationRequested();
                if (!_ring.Moves.TryOne() && Idle?.Invoke() is not true)
                {
                    _ring.Arrived.Wait(_cancel);
                }
            }
        }
        finally
        {
            _account.LeaveWait();
        }

        _account.EndWait(begin, _ring.TileOf(loaded), reason);
        return loaded;
    }
}
