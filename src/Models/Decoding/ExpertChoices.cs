namespace LayerStream.Models.Decoding;

/// <summary>
/// What the rows of a pass chose in the layer that runs, first by row, then by expert. A pair (row, expert) has a place: places of an
/// expert follow each other, experts rise, and rows rise within an expert. Allocated once for all layers.
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
    private readonly float[] _shares = new float[experts];
    private readonly int[] _kept = new int[rows];
    private int _used;
    private int _distinctCount;

    /// <summary>Experts that some row chose, ascending.</summary>
    internal ReadOnlySpan<int> Distinct => _distinct.AsSpan(0, _distinctCount);

    /// <summary>Sum of the weights of each of them, without weights that are not finite.</summary>
    internal ReadOnlySpan<float> Sums => _sums.AsSpan(0, _distinctCount);

    /// <summary>Starts a layer in which each row chooses some experts.</summary>
    internal void Begin(int perRow)
    {
        _used = perRow;
        Array.Fill(_kept, perRow);
    }

    /// <summary>A row's experts, to be filled by its router.</summary>
    internal Span<int> Ids(int row) => _ids.AsSpan(row * _used, _kept[row]);

    /// <summary>Their weights.</summary>
    internal Span<float> Weights(int row) => _weights.AsSpan(row * _used, _kept[row]);

    /// <summary>Their places.</summary>
    internal ReadOnlySpan<int> Places(int row) => _places.AsSpan(row * _used, _kept[row]);

    /// <summary>First place of an expert.</summary>
    internal int First(int expert) => _next[expert] - _counts[expert];

    /// <summary>Places of an expert.</summary>
    internal int Count(int expert) => _counts[expert];

    /// <summary>Row at a place.</summary>
    internal int Row(int place) => _rows[place];

    /// <summary>Weight at a place.</summary>
    internal float Weight(int place) => _placedWeights[place];

    /// <summary>
    /// Lossy: takes the experts away that are not in memory and that no row gives <paramref name="leastShare"/> of its weights; what a row
    /// keeps, keeps its weight. An expert that one row needs is fetched, so the others use it too. Weights that are not finite keep theirs.
    /// </summary>
    /// <returns>Pairs (row, expert) taken away.</returns>
    internal int DropCold(int count, float leastShare, int bank, IExpertSource source)
    {
        Array.Clear(_shares);
        for (int r = 0; r < count; r++)
        {
            double sum = 0;
            foreach (float weight in Weights(r))
            {
                sum += Math.Abs(weight);
            }

            for (int i = r * _used; i < (r + 1) * _used; i++)
            {
                _shares[_ids[i]] = MathF.Max(_shares[_ids[i]], (float)(Math.Abs(_weights[i]) / sum)); // NaN wins
            }
        }

        int dropped = 0;
        for (int r = 0; r < count; r++)
        {
            int kept = r * _used;
            for (int i = kept; i < (r + 1) * _used; i++)
            {
                if (!(_shares[_ids[i]] < leastShare) || source.IsResident(bank, _ids[i]))
                {
                    (_ids[kept], _weights[kept]) = (_ids[i], _weights[i]);
                    kept++;
                }
            }

            _kept[r] = kept - (r * _used);
            dropped += _used - _kept[r];
        }

        return dropped;
    }

    /// <summary>Gives every pair its place once all rows have chosen.</summary>
    internal void Place(int count)
    {
        Array.Clear(_counts);
        for (int r = 0; r < count; r++)
        {
            foreach (int id in Ids(r))
            {
                _counts[id]++;
            }
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

        for (int r = 0; r < count; r++)
        {
            for (int i = r * _used; i < (r * _used) + _kept[r]; i++)
            {
                int place = _next[_ids[i]]++;
                (_places[i], _rows[place], _placedWeights[place]) = (place, r, _weights[i]);
            }
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
