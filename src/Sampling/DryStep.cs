using LayerStream.Kernels.Ops;

namespace LayerStream.Sampling;

/// <summary>
/// Don't repeat yourself: a token that would lengthen a repetition of n tokens, n at least the allowed length, loses
/// multiplier · base^(n − allowed) (P. E. Weidmann 2024, "DRY"). Repetitions neither reach across sequence breakers nor are breakers
/// punished. Linear in the length of the history.
/// </summary>
internal sealed class DryStep : ISamplerStep
{
    // Enough to rule a token out; a finite value keeps it as the last resort where nothing else is left.
    private const double MostPenalty = 1e30;
    private readonly double _multiplier;
    private readonly double _base;
    private readonly int _allowed;
    private readonly int _lastN;
    private readonly DryBreakers _breakers;
    private int[] _matches = []; // per place back from the end: tokens that also end the history
    private int[] _longest = []; // per token id; all zero between calls

    public DryStep(SamplingOptions options)
    {
        _multiplier = options.DryMultiplier;
        _base = options.DryBase;
        _allowed = options.DryAllowedLength;
        _lastN = options.DryPenaltyLastN;
        _breakers = new DryBreakers(options.DrySequenceBreakers);
    }

    public string Name => "dry";

    public void Apply(SamplerContext context)
    {
        IReadOnlyList<int> history = context.History;
        int window = _lastN < 0 ? history.Count : Math.Min(_lastN, history.Count);
        _breakers.Follow(context);
        int limit = 0;
        while (limit < window && !_breakers[history.Count - 1 - limit])
        {
            limit++;
        }

        if (limit < _allowed || window <= _allowed)
        {
            return;
        }

        Match(history, window);
        Punish(context, window, limit);
    }

    // The Z algorithm on the history read backwards (Gusfield 1997): matches[k] tokens before place k equal the last ones.
    private void Match(IReadOnlyList<int> history, int window)
    {
        if (_matches.Length < window)
        {
            _matches = new int[Math.Max(window, _matches.Length * 2)];
        }

        int last = history.Count - 1;
        int left = 0, right = 0;
        for (int k = 1; k < window; k++)
        {
            int length = k < right ? Math.Min(right - k, _matches[k - left]) : 0;
            while (k + length < window && history[last - length] == history[last - k - length])
            {
                length++;
            }

            _matches[k] = length;
            if (k + length > right)
            {
                (left, right) = (k, k + length);
            }
        }
    }

    private void Punish(SamplerContext context, int window, int limit)
    {
        IReadOnlyList<int> history = context.History;
        Span<float> logits = context.Logits;
        if (_longest.Length < logits.Length)
        {
            _longest = new int[logits.Length];
        }

        for (int k = 1; k < window; k++)
        {
            int follower = history.Count - k; // the token after the place k back from the last one
            int id = history[follower];
            if ((uint)id < (uint)logits.Length && !_breakers[follower])
            {
                _longest[id] = Math.Max(_longest[id], Math.Min(_matches[k], limit));
            }
        }

        for (int k = 1; k < window; k++)
        {
            int id = history[history.Count - k];
            if ((uint)id >= (uint)logits.Length || _longest[id] == 0)
            {
                continue;
            }

            if (_longest[id] >= _allowed)
            {
                logits[id] -= (float)Math.Min(_multiplier * Elementary.Pow(_base, _longest[id] - _allowed), MostPenalty);
            }

            _longest[id] = 0;
        }
    }
}
