using LayerStream.Actors.Drafts;
using LayerStream.Planning.Drafts;

namespace LayerStream.Actors.Sweep;

/// <summary>Guesses of one sequence: who makes them, how many are tried, and how they turn out.</summary>
/// <param name="drafters">Who guesses, beside the draft model.</param>
/// <param name="gate">How many of which kind.</param>
internal sealed class SequenceDrafts(IReadOnlyList<IDrafter> drafters, DraftGate gate)
{
    private const int NoToken = -1;

    private readonly int[] _tokens = new int[DraftGate.MostDrafts];
    private readonly int[] _watched = new int[DraftKindNames.Count]; // by kind: a guess that only is compared with what is drawn
    private readonly long[] _drafted = new long[DraftKindNames.Count];
    private readonly long[] _accepted = new long[DraftKindNames.Count];
    private readonly List<IDrafter> _drafters = [.. drafters];
    private DraftKind _kind; // of the guesses in the pass
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
        Count = 0;
        Array.Fill(_watched, NoToken);
        if (_drafters.Count == 0 || most < 1)
        {
            return;
        }

        gate.BeginPass();
        for (ulong asked = 0; Count == 0 && Promising(asked) is >= 0 and int i; asked |= 1UL << i)
        {
            IDrafter drafter = _drafters[i];
            int wanted = Math.Min(gate.Next(drafter.Kind), most);
            if (wanted > 0 && drafter.Propose(history, _tokens.AsSpan(0, wanted)) is > 0 and int count)
            {
                (Count, _kind) = (count, drafter.Kind);
            }
            else if (wanted == 0)
            {
                Watch(drafter, history);
            }
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
            gate.Judge(_kind, drafted, accepted);
            return;
        }

        for (int kind = 0; kind < _watched.Length; kind++)
        {
            if (_watched[kind] != NoToken)
            {
                gate.Judge((DraftKind)kind, 1, _watched[kind] == history[^1] ? 1 : 0);
            }
        }
    }

    /// <summary>What the pass took, with <paramref name="drafted"/> guesses of the sequence in it.</summary>
    internal void Observe(int drafted, double seconds) => gate.Observe(_kind, drafted, seconds);

    /// <summary>A guess that is not tried costs next to nothing where no model makes it, and tells whether the next one should
    /// be.</summary>
    private void Watch(IDrafter drafter, IReadOnlyList<int> history)
    {
        if (drafter == _seat)
        {
            _seat.RunsAhead = false;
        }
        else
        {
            Span<int> guess = stackalloc int[1];
            _watched[(int)drafter.Kind] = drafter.Propose(history, guess) > 0 ? guess[0] : NoToken;
        }
    }

    /// <summary>Of those not asked yet, who promises most; −1 = all have been asked.</summary>
    private int Promising(ulong asked)
    {
        (int best, double most) = (-1, double.NegativeInfinity);
        for (int i = 0; i < _drafters.Count; i++)
        {
            if ((asked & (1UL << i)) == 0 && gate.Gain(_drafters[i].Kind) is var gain && gain > most)
            {
                (best, most) = (i, gain);
            }
        }

        return best;
    }
}
