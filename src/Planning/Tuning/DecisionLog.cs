namespace LayerStream.Planning.Tuning;

/// <summary>The last decisions of a tuner, the oldest first.</summary>
internal sealed class DecisionLog<T>
{
    private const int Most = 64;

    private readonly List<T> _decisions = [];

    internal IReadOnlyList<T> Decisions => _decisions;

    /// <summary>Adds a decision, and gives it back.</summary>
    internal T Add(T decision)
    {
        _decisions.Add(decision);
        if (_decisions.Count > Most)
        {
            _decisions.RemoveAt(0);
        }

        return decision;
    }
}
