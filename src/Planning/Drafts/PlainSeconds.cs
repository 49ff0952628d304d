namespace LayerStream.Planning.Drafts;

/// <summary>What a pass without guesses takes: the middle of the last ones, so that one that was held up tells nothing.</summary>
internal sealed class PlainSeconds
{
    private readonly List<double> _last = []; // oldest first
    private readonly List<double> _sorted = [];

    private const int Most = 5;

    /// <summary>Seconds; NaN before the first.</summary>
    internal double Value { get; private set; } = double.NaN;

    /// <summary>Such a pass is over.</summary>
    internal void Add(double seconds)
    {
        if (_last.Count == Most)
        {
            _last.RemoveAt(0);
        }

        _last.Add(seconds);
        _sorted.Clear();
        _sorted.AddRange(_last);
        _sorted.Sort();
        Value = _sorted[(_sorted.Count - 1) / 2];
    }
}
