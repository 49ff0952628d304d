namespace LayerStream.Planning.Drafts;

/// <summary>
/// Whether and how far a sequence drafts, by what passes gave: tokens per second with drafts against those without. A pass in
/// <see cref="Period"/> goes the other way, so that both sides stay measured. No clock of its own.
/// </summary>
/// <param name="isForced">Drafts always, whatever they give.</param>
public sealed class DraftGate(bool isForced = false)
{
    /// <summary>Most guesses in a pass.</summary>
    public const int MostDrafts = 8;

    /// <summary>Passes from one look at the other side to the next.</summary>
    public const int Period = 16;

    private const int FirstLook = 3;      // passes until the first
    private const int FirstDrafts = 4;
    private const double Memory = 0.75;   // weight of what is known against a new pass

    private double _plain = double.NaN;   // seconds of a pass without drafts, which gives one token
    private double _drafted = double.NaN; // seconds of a pass with drafts
    private double _tokens = double.NaN;  // tokens that one with drafts gives
    private int _passes;
    private int _length = FirstDrafts;

    /// <summary>Whether drafts pay as far as is known.</summary>
    public bool IsOpen => isForced || double.IsNaN(_plain) || double.IsNaN(_drafted) || _tokens * _plain > _drafted;

    /// <summary>Most guesses of the pass that begins; 0 = none.</summary>
    public int Next()
    {
        bool isLook = !isForced && _passes % Period == FirstLook;
        _passes++;
        return IsOpen != isLook ? _length : 0;
    }

    /// <summary>A pass is over.</summary>
    /// <param name="drafted">Guesses of this sequence in it.</param>
    /// <param name="tokens">Tokens that the sequence got.</param>
    /// <param name="seconds">Time it took.</param>
    public void Observe(int drafted, int tokens, double seconds)
    {
        if (drafted == 0)
        {
            _plain = Blend(_plain, seconds);
            return;
        }

        (_drafted, _tokens) = (Blend(_drafted, seconds), Blend(_tokens, tokens));
        _length = tokens > drafted ? Math.Min(MostDrafts, _length * 2) : tokens == 1 ? Math.Max(1, _length / 2) : _length;
    }

    private static double Blend(double known, double latest) => double.IsNaN(known) ? latest : (Memory * known) + ((1 - Memory) * latest);
}
