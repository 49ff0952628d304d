namespace LayerStream.Models;

/// <summary>
/// What the rows of a pass chose in the layer that runs, first by row, then by expert. A pair (row, expert) has a place: places of an expert
/// follow each other, experts rise, and rows rise within an expert. Allocated once for all layers.
/// </summary>
internal sealed class ExpertChoices(int rows, int used, int experts)
{
    private readonly int[] _ids = new int[checked(rows * used)];
    private readonly float[] _weights = new float[rows * used];
    private readonly int[] _places = new int[rows * used];
    private readonly int[] _rows = new int[rows * used];
    private readonly float[] _placedWeights = new float[rows * used];
    private readonly int[] _next = new int[experts];
    private readonly int[] _counts = new int[experts];
    private readonly int[] _distinct = new int[experts];
    private readonly float[] _sums = new float[experts];
    private int _used;
    private int _distinctCount;

    /// <summary>Experts that some row chose, ascending.</summary>
    internal ReadOnlySpan<int> Distinct => _distinct.AsSpan(0, _distinctCount);

    /// <summary>Sum of the weights of each of them, without weights that are not finite.</summary>
    internal ReadOnlySpan<float> Sums => _sums.AsSpan(0, _distinctCount);

    /// <summary>Starts a layer in which each row chooses some experts.</summary>
    internal void Begin(int perRow) => _used = perRow;

    /// <summary>A row's experts, to be filled by its router.</summary>
    internal Span<int> Ids(int row) => _ids.AsSpan(row * _used, _used);

    /// <summary>Their weights.</summary>
    internal Span<float> Weights(int row) => _weights.AsSpan(row * _used, _used);

    /// <summary>Their places.</summary>
    internal ReadOnlySpan<int> Places(int row) => _places.AsSpan(row * _used, _used);

    /// <summary>First place of an expert.</summary>
    internal int First(int expert) => _next[expert] - _counts[expert];

    /// <summary>Places of an expert.</summary>
    internal int Count(int expert) => _counts[expert];

    /// <summary>Row at a place.</summary>
    internal int Row(int place) => _rows[place];

    /// <summary>Weight at a place.</summary>
    internal float Weight(int place) => _placedWeights[place];

    /// <summary>Gives every pair its place once all rows have chosen.</summary>
    internal void Place(int count)
    {
        Array.Clear(_counts);
        int pairs = count * _used;
        for (int i = 0; i < pairs; i++)
        {
            _counts[_ids[i]]++;
        }

        _distinctCount = 0;
        int first = 0;
        for (int e = 0; e < _counts.Length; e++)
        {
            _next[e] = first;
            first += _counts[e];
            if (_counts[e] > 0)
            {
                _distinct[_distinctCount++] = e;
            }
        }

        for (int i = 0; i < pairs; i++)
        {
            int place = _next[_ids[i]]++;
            (_places[i], _rows[place], _placedWeights[place]) = (place, i / _used, _weights[i]);
        }

        for (int d = 0; d < _distinctCount; d++)
        {
            int begin = First(_distinct[d]);
            float sum = 0;
            for (int place = begin; place < begin + _counts[_distinct[d]]; place++)
            {
                sum += float.IsFinite(_placedWeights[place]) ? _placedWeights[place] : 0;
            }

            _sums[d] = sum;
        }
    }
}
