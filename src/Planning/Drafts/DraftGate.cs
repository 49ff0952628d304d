namespace LayerStream.Planning.Drafts;

/// <summary>
/// How many guesses of which kind a pass of a sequence should try. A pass with k guesses gives 1 + r + r² + … + rᵏ tokens, where r is the
/// share of guesses that turned out right, and takes 1 + c·k times as long as one without, where c is what a guess of the kind cost so far,
/// its making included. The k with most tokens per second is taken, or none where that gains nothing. No clock of its own.
/// </summary>
/// <param name="isForced">Tries guesses always, whatever they give.</param>
public sealed class DraftGate(bool isForced = false)
{
    /// <summary>Most guesses in a pass.</summary>
    public const int MostDrafts = 8;

    /// <summary>Passes from one look at the other side to the next; a look that finds nothing new doubles them.</summary>
    public const int Period = 16;

    private const int MostPeriod = 256;
    private const int FirstLook = 3;         // passes until the first that goes without guesses
    private const double Memory = 0.75;      // weight of what is known against a new pass
    private const double GuessMemory = 0.9;  // of guesses that were decided before against a new one
    private const double FirstRate = 0.7;    // of guesses that are right, before any was decided
    private const double FirstTrials = 2;    // what that counts for
    private const double MostRate = 0.98;
    private const double UsualCost = 0.05;   // of a guess against a pass without, before it is measured
    private const double LeastGain = 1.03;   // below, measurements do not tell gain from loss

    private readonly Side[] _sides = [.. Enumerable.Range(0, DraftKindNames.Count).Select(_ => new Side())];
    private double _plain = double.NaN; // seconds of a pass without guesses, which gives one token
    private int _pass = -1;
    private int _plainLook = FirstLook;
    private int _plainPeriod = Period;

    /// <summary>Whether guesses of a kind pay as far as is known.</summary>
    public bool IsOpen(DraftKind kind) => isForced || Best(kind).Value >= LeastGain;

    /// <summary>Tokens per second with the best number of guesses of a kind, against none.</summary>
    public double Gain(DraftKind kind) => Best(kind).Value;

    /// <summary>A pass of the sequence begins.</summary>
    public void BeginPass() => _pass++;

    /// <summary>Most guesses of a kind in the pass that begins; 0 = none.</summary>
    public int Next(DraftKind kind)
    {
        Side side = _sides[(int)kind];
        (int best, double gain) = Best(kind);
        if (isForced)
        {
            return best;
        }

        if (gain < LeastGain)
        {
            side.NextLook = side.NextLook < 0 ? _pass + side.Period : side.NextLook;
            return _pass < side.NextLook ? 0 : 1;
        }

        (side.NextLook, side.Period) = (-1, Period);
        return _pass >= _plainLook ? 0 : best;
    }

    /// <summary>Guesses have been compared with what was drawn.</summary>
    /// <param name="kind">Their kind.</param>
    /// <param name="drafted">Guesses, in the order of the text.</param>
    /// <param name="accepted">How many of them were right before the first wrong one.</param>
    public void Judge(DraftKind kind, int drafted, int accepted)
    {
        Side side = _sides[(int)kind];
        for (int i = 0; i < Math.Min(drafted, accepted + 1); i++)
        {
            side.Right = (side.Right * GuessMemory) + (i < accepted ? 1 : 0);
            side.Trials = (side.Trials * GuessMemory) + 1;
        }
    }

    /// <summary>A pass is over that tells what guesses cost.</summary>
    /// <param name="kind">Kind of its guesses.</param>
    /// <param name="drafted">How many the sequence had; 0 = none.</param>
    /// <param name="seconds">Time from the end of the pass in front of it to its own.</param>
    public void Observe(DraftKind kind, int drafted, double seconds)
    {
        if (drafted == 0)
        {
            _plain = Blend(_plain, seconds);
            _plainPeriod = Math.Min(_pass >= _plainLook ? _plainPeriod * 2 : _plainPeriod, MostPeriod);
            _plainLook = _pass + _plainPeriod;
            return;
        }

        Side side = _sides[(int)kind];
        (side.Seconds, side.Guesses) = (Blend(side.Seconds, seconds), Blend(side.Guesses, drafted));
        if (side.NextLook >= 0)
        {
            side.Period = Math.Min(side.Period * 2, MostPeriod);
            side.NextLook = _pass + side.Period;
        }
    }

    private static double Blend(double known, double latest) => double.IsNaN(known) ? latest : (Memory * known) + ((1 - Memory) * latest);

    /// <summary>The best number of guesses, at least 1, and tokens per second with it against none.</summary>
    private (int Drafts, double Value) Best(DraftKind kind)
    {
        Side side = _sides[(int)kind];
        double rate = Math.Min(MostRate, side.Right / side.Trials), cost = side.Cost(_plain), tokens = 1, power = 1;
        (int best, double most) = (1, 0);
        for (int drafts = 1; drafts <= MostDrafts; drafts++)
        {
            power *= rate;
            tokens += power;
            double value = tokens / (1 + (cost * drafts));
            if (value > most)
            {
                (best, most) = (drafts, value);
            }
        }

        return (best, most);
    }

    /// <summary>What is known of one kind.</summary>
    private sealed class Side
    {
        public double Right { get; set; } = FirstRate * FirstTrials;

        public double Trials { get; set; } = FirstTrials;

        /// <summary>Of a pass with guesses.</summary>
        public double Seconds { get; set; } = double.NaN;

        /// <summary>Of such a pass.</summary>
        public double Guesses { get; set; } = double.NaN;

        /// <summary>Pass that tries one although none pay; −1 = they do.</summary>
        public int NextLook { get; set; } = -1;

        public int Period { get; set; } = DraftGate.Period;

        /// <summary>Of one guess, in passes without any.</summary>
        public double Cost(double plainSeconds) => double.IsNaN(plainSeconds) || double.IsNaN(Seconds) || plainSeconds <= 0 ? UsualCost
            : Math.Max(0, ((Seconds / plainSeconds) - 1) / Guesses);
    }
}
