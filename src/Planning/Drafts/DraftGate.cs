namespace LayerStream.Planning.Drafts;

/// <summary>
/// How many guesses of which kind a pass of a sequence should try. A pass with k guesses gives 1 + p₁ + p₁p₂ + … tokens, where pᵢ is the
/// share of guesses like the i-th that turned out right, and takes as long as passes with k guesses took, their making included. The k
/// with most tokens per second is taken, or none where that gains nothing. What a model's guesses cost is learnt from few of them first:
/// one, then at most twice as many as were tried before. No clock of its own.
/// </summary>
/// <param name="isForced">Tries guesses always, whatever they give.</param>
public sealed class DraftGate(bool isForced = false)
{
    /// <summary>Most guesses in a pass.</summary>
    public const int MostDrafts = 8;

    /// <summary>Passes from one look at the other side to the next; a look that finds nothing new doubles them.</summary>
    public const int Period = 12;

    private const int MostPeriod = 256;
    private const int FirstLook = 1;         // passes until the first that goes without guesses
    private const double LeastGain = 1.03;   // below, measurements do not tell gain from loss

    private readonly Side[] _sides = [.. Enumerable.Range(0, DraftKindNames.Count).Select(kind => new Side((DraftKind)kind))];
    private readonly PlainSeconds _plain = new();
    private int _pass = -1;
    private int _plainLook = FirstLook;
    private int _plainPeriod = Period;

    /// <summary>Whether guesses of a kind pay as far as is known.</summary>
    public bool IsOpen(DraftKind kind) => isForced || Gain(kind) >= LeastGain;

    /// <summary>Tokens per second with the best number of usual guesses of a kind, against none.</summary>
    public double Gain(DraftKind kind) => Best(_sides[(int)kind], MostDrafts, []).Value;

    /// <summary>A pass of the sequence begins.</summary>
    public void BeginPass() => _pass++;

    /// <summary>Guesses of a kind that are worth making for the pass that begins, as they usually are; 0 = none.</summary>
    public int Next(DraftKind kind)
    {
        Side side = _sides[(int)kind];
        (int best, double gain) = Best(side, MostDrafts, []);
        return Decide(side, best, gain);
    }

    /// <summary>Whether a kind that does not pay is about to be looked at again: its drafter should know the text by then.</summary>
    public bool NearsLook(DraftKind kind) => _sides[(int)kind].NextLook is >= 0 and int look && look <= _pass + 1;

    /// <summary>Of guesses that are made, those to try in the pass that begins.</summary>
    /// <param name="kind">Their kind.</param>
    /// <param name="levels">How sure the drafter is of each, in the order of the text: see <see cref="IDrafter.Sureness"/>.</param>
    /// <param name="gain">Tokens per second with them against none.</param>
    /// <returns>Their number, from the first one; 0 = none.</returns>
    public int Take(DraftKind kind, ReadOnlySpan<int> levels, out double gain)
    {
        gain = 0;
        if (levels.IsEmpty)
        {
            return 0;
        }

        Side side = _sides[(int)kind];
        (int best, gain) = Best(side, levels.Length, levels);
        return Decide(side, best, gain);
    }

    /// <summary>Guesses have been compared with what was drawn.</summary>
    /// <param name="kind">Their kind.</param>
    /// <param name="levels">How sure the drafter was of each, in the order of the text.</param>
    /// <param name="accepted">How many of them were right before the first wrong one.</param>
    public void Judge(DraftKind kind, ReadOnlySpan<int> levels, int accepted)
    {
        Side side = _sides[(int)kind];
        side.Tried = Math.Max(side.Tried, levels.Length);
        for (int i = 0; i < Math.Min(levels.Length, accepted + 1); i++)
        {
            side.Rates.Add(levels[i], i < accepted);
        }
    }

    /// <summary>A pass is over that tells what guesses cost.</summary>
    /// <param name="kind">Kind of its guesses.</param>
    /// <param name="drafted">How many the sequence had; 0 = none.</param>
    /// <param name="seconds">Time from the end of the pass in front of it to its own; NaN = it took time for something else.</param>
    public void Observe(DraftKind kind, int drafted, double seconds)
    {
        if (drafted == 0)
        {
            if (!double.IsNaN(seconds))
            {
                _plain.Add(seconds);
            }

            _plainPeriod = Math.Min(IsPlainLook ? _plainPeriod * 2 : _plainPeriod, MostPeriod);
            _plainLook = _pass + _plainPeriod;
            return;
        }

        Side side = _sides[(int)kind];
        if (!double.IsNaN(seconds))
        {
            side.Costs.Add(drafted, seconds, _plain.Value);
        }

        if (side.NextLook >= 0)
        {
            side.Period = Math.Min(side.Period * 2, MostPeriod);
            side.NextLook = _pass + side.Period;
        }
    }

    private bool IsPlainLook => !isForced && _pass >= _plainLook;

    /// <summary>Guesses to try in the pass that begins, of a kind whose best number gains so much.</summary>
    private int Decide(Side side, int best, double gain)
    {
        if (isForced)
        {
            return best;
        }

        if (IsPlainLook)
        {
            return 0;
        }

        if (gain >= LeastGain)
        {
            (side.NextLook, side.Period) = (-1, Period);
            return best;
        }

        side.NextLook = side.NextLook < 0 ? _pass + side.Period : side.NextLook;
        return _pass >= side.NextLook ? 1 : 0;
    }

    /// <summary>The best number of guesses, at least 1, and tokens per second with it against none.</summary>
    /// <param name="side">Their kind.</param>
    /// <param name="most">Most guesses.</param>
    /// <param name="levels">How sure the drafter is of each; empty = as usual.</param>
    private (int Drafts, double Value) Best(Side side, int most, ReadOnlySpan<int> levels)
    {
        double tokens = 1, power = 1;
        (int best, double value) = (1, 0);
        for (int drafts = 1; drafts <= Math.Min(most, Room(side)); drafts++)
        {
            power *= levels.IsEmpty ? side.Rates.Mean : side.Rates[levels[drafts - 1]];
            tokens += power;
            double with = tokens / side.Costs.Of(drafts, _plain.Value);
            (best, value) = with > value ? (drafts, with) : (best, value);
        }

        return (best, value);
    }

    private int Room(Side side) => isForced ? MostDrafts : Math.Clamp(2 * side.Tried, 1, MostDrafts);

    /// <summary>What is known of one kind.</summary>
    private sealed class Side(DraftKind kind)
    {
        public DraftRates Rates { get; } = new(kind);

        public DraftCosts Costs { get; } = new();

        /// <summary>Most guesses that were tried in a pass, or may be tried at first: a row costs little while it is read for, a model's
        /// guess may cost anything.</summary>
        public int Tried { get; set; } = kind == DraftKind.Model ? 0 : MostDrafts;

        /// <summary>Pass that tries one although none pay; −1 = they do.</summary>
        public int NextLook { get; set; } = -1;

        public int Period { get; set; } = DraftGate.Period;
    }
}
