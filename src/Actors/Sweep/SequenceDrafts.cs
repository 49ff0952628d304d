using LayerStream.Actors.Drafts;
using LayerStream.Planning.Drafts;

namespace LayerStream.Actors.Sweep;

/// <summary>Guesses of one sequence: who makes them, how many are tried, and how they turn out.</summary>
/// <param name="drafters">Who guesses, beside the draft model.</param>
/// <param name="gate">How many of which kind.</param>
internal sealed class SequenceDrafts(IReadOnlyList<IDrafter> drafters, DraftGate gate)
{
    private const int NoToken = -1;

    private readonly int[] _tokens = new int[DraftGate.MostDrafts], _levels = new int[DraftGate.MostDrafts]; // of the next pass
    private readonly int[] _offered = new int[DraftGate.MostDrafts], _offeredLevels = new int[DraftGate.MostDrafts];
    private readonly (int Token, int Level)[] _watched = new (int, int)[DraftKindNames.Count]; // by kind: compared with what is drawn
    private readonly long[] _drafted = new long[DraftKindNames.Count];
    private readonly long[] _accepted = new long[DraftKindNames.Count];
    private readonly List<IDrafter> _drafters = [.. drafters];
    private DraftKind _kind; // of the guesses in the pass
    private int _from; // tokens in front of them
    private bool _hasRead; // the draft model read much for them
    private DraftSeat? _seat;

    /// <summary>Whether the draft model guesses for the sequence, if there is one.</summary>
    internal bool UsesModel { get; init; }

    /// <summary>Guesses for the next pass.</summary>
    internal int Count { get; private set; }

    /// <summary>Guesses tried so far.</summary>
    internal int Drafted => (int)_drafted.Sum();

    /// <summary>Of them, those that were drawn.</summary>
    internal int Accepted => (int)_accepted.Sum();

    /// <summary>The same by kind, those that were tried at all.</summary>
    internal IReadOnlyList<DraftCount> Counts => [.. Enumerable.Range(0, DraftKindNames.Count).Where(k => _drafted[k] > 0)
        .Select(k => new DraftCount((DraftKind)k, _drafted[k], _accepted[k]))];

    /// <summary>What ended the guesses of the draft model, or null.</summary>
    internal string? Fault => _seat?.Failure?.Message;

    /// <summary>A guess of the next pass.</summary>
    internal int this[int index] => _tokens[index];

    /// <summary>The sequence takes a seat.</summary>
    /// <param name="seat">Its place in the draft model; null = there is none.</param>
    /// <param name="begin">Tells the place of the sequence.</param>
    internal void Begin(DraftSeat? seat, Action<DraftSeat> begin)
    {
        if (!UsesModel || seat is null)
        {
            return;
        }

        if (_seat is not null)
        {
            _drafters.Remove(_seat); // the sequence had no pass there
        }

        _seat = seat;
        _drafters.Add(seat);
        begin(seat);
    }

    /// <summary>The sequence leaves.</summary>
    internal void End(IReadOnlyList<int> history) => _seat?.End(history);

    /// <summary>Gives the guesses for the next pass up; false when there are none.</summary>
    internal bool Drop()
    {
        (bool had, Count) = (Count > 0, 0);
        return had;
    }

    /// <summary>No more guesses: one of them did harm.</summary>
    internal void Stop()
    {
        _drafters.Clear();
        Count = 0;
        if (_seat is not null)
        {
            _seat.RunsAhead = false;
        }
    }

    /// <summary>The prompt is read; the draft model reads what it has not seen of it yet.</summary>
    internal void EndPrompt() => _seat?.CatchUp();

    /// <summary>Guesses for the next pass: of the kind that promises most and has some.</summary>
    /// <param name="history">The sequence so far.</param>
    /// <param name="most">Most guesses.</param>
    internal void Propose(IReadOnlyList<int> history, int most)
    {
        (Count, _from, _hasRead) = (0, history.Count, false);
        Array.Fill(_watched, (NoToken, 0));
        if (_drafters.Count == 0 || most < 1)
        {
            return;
        }

        gate.BeginPass();
        double gain = 0;
        foreach (IDrafter drafter in _drafters)
        {
            if (drafter != _seat)
            {
                Offer(drafter, history, most, ref gain);
            }
        }

        if (_seat is not null && _drafters.Contains(_seat))
        {
            AskModel(_seat, history, most, ref gain);
        }
    }

    /// <summary>The tokens of a pass are drawn.</summary>
    /// <param name="history">The sequence, with them.</param>
    /// <param name="drafted">Guesses that the pass took.</param>
    /// <param name="accepted">Of them, those that were drawn.</param>
    internal void Judge(IReadOnlyList<int> history, int drafted, int accepted)
    {
        if (drafted > 0)
        {
            _drafted[(int)_kind] += drafted;
            _accepted[(int)_kind] += accepted;
            gate.Judge(_kind, _levels.AsSpan(0, drafted), accepted);
        }

        for (int kind = 0; kind < _watched.Length && _from < history.Count; kind++)
        {
            if (_watched[kind].Token != NoToken && (drafted == 0 || kind != (int)_kind))
            {
                gate.Judge((DraftKind)kind, [_watched[kind].Level], _watched[kind].Token == history[_from] ? 1 : 0);
            }
        }
    }

    /// <summary>What the pass took, with <paramref name="drafted"/> guesses of the sequence in it.</summary>
    internal void Observe(int drafted, double seconds) => gate.Observe(_kind, drafted, _hasRead ? double.NaN : seconds);

    /// <summary>The draft model guesses where that promises more than what the others have; else it rests.</summary>
    private void AskModel(DraftSeat seat, IReadOnlyList<int> history, int most, ref double gain)
    {
        int wanted = gain > gate.Gain(DraftKind.Model) ? 0 : Math.Min(gate.Next(DraftKind.Model), most);
        if (wanted > 0)
        {
            _hasRead = seat.Missing > DraftGate.MostDrafts;
            Offer(seat, history, wanted, ref gain);
        }
        else
        {
            seat.Rest(untilSoon: gate.NearsLook(DraftKind.Model));
        }
    }

    /// <summary>Has a drafter guess, and takes its guesses if they are worth more than those there are. What is not tried is compared with
    /// what is drawn, and tells whether the next ones should be.</summary>
    private void Offer(IDrafter drafter, IReadOnlyList<int> history, int most, ref double gain)
    {
        int count = drafter.Propose(history, _offered.AsSpan(0, most));
        for (int i = 0; i < count; i++)
        {
            _offeredLevels[i] = drafter.Sureness(i);
        }

        if (count < 1)
        {
            return;
        }

        _watched[(int)drafter.Kind] = (_offered[0], _offeredLevels[0]);
        int taken = gate.Take(drafter.Kind, _offeredLevels.AsSpan(0, count), out double value);
        if (taken > 0 && value > gain)
        {
            (Count, _kind, gain) = (taken, drafter.Kind, value);
            _offered.AsSpan(0, taken).CopyTo(_tokens);
            _offeredLevels.AsSpan(0, taken).CopyTo(_levels);
        }
    }
}
