using LayerStream.Kernels.Ops;

namespace LayerStream.Sampling;

/// <summary>
/// The tokens still in play after a selection, as (id, logit) pairs. "Better" means the higher logit, then the lower id,
/// so that every order here is total and results do not depend on how a selection was done. Arrays only ever grow.
/// </summary>
public sealed class Candidates
{
    private int[] _ids = [];
    private float[] _values = [];

    internal Candidates()
    {
    }

    /// <summary>Number of tokens in play; 0 until something was taken.</summary>
    public int Count { get; private set; }

    /// <summary>True once a step has taken candidates from the logits.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>True if the candidates are ordered best first.</summary>
    public bool IsSorted { get; private set; }

    /// <summary>Token ids, parallel to <see cref="Values"/>.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Logits of the tokens in play; a step may rescale them but must keep their order.</summary>
    public Span<float> Values => _values.AsSpan(0, Count);

    internal void Clear()
    {
        Count = 0;
        IsTaken = false;
        IsSorted = false;
    }

    /// <summary>Takes every unmasked token, in id order, unless candidates were taken before.</summary>
    public void Take(ReadOnlySpan<float> logits)
    {
        if (IsTaken)
        {
            return;
        }
        Reserve(logits.Length);
        int count = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            if (logits[id] > float.NegativeInfinity)
            {
                _ids[count] = id;
                _values[count++] = logits[id];
            }
        }
        Count = count;
        IsTaken = true;
    }

    /// <summary>Narrows to the <paramref name="k"/> best, ordered best first, without sorting the vocabulary: O(V + k log k).</summary>
    public void TakeTop(ReadOnlySpan<float> logits, int k)
    {
        if (IsTaken)
        {
            Keep(k);
            return;
        }
        Reserve(Math.Min(k, logits.Length));
        float bar = float.NegativeInfinity;
        for (int id = 0; id < logits.Length; id++)
        {
            float value = logits[id];
            if (!(value > bar))
            {
                continue; // equal to the worst kept value: the lower id is already in
            }
            if (Count < k)
            {
                _ids[Count] = id;
                _values[Count++] = value;
                if (Count < k)
                {
                    continue;
                }
                Heapify(Count, bestAtRoot: false);
            }
            else
            {
                _ids[0] = id;
                _values[0] = value;
                Sift(0, Count, bestAtRoot: false);
            }
            bar = _values[0];
        }
        if (Count < k)
        {
            Heapify(Count, bestAtRoot: false);
        }
        SortHeap();
        IsTaken = true;
    }

    /// <summary>Keeps the <paramref name="k"/> best, ordered best first.</summary>
    public void Keep(int k)
    {
        if (!IsSorted)
        {
            Heapify(Count, bestAtRoot: false);
            SortHeap();
        }
        Count = Math.Min(Count, k);
    }

    /// <summary>Keeps tokens whose logit is at least <paramref name="bar"/>; their order stays.</summary>
    public void KeepAtLeast(float bar)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (_values[i] >= bar)
            {
                _ids[kept] = _ids[i];
                _values[kept++] = _values[i];
            }
        }
        Count = kept;
    }

    /// <summary>Keeps the tokens whose place is marked; their order stays.</summary>
    public void Retain(ReadOnlySpan<bool> keeps)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (keeps[i])
            {
                _ids[kept] = _ids[i];
                _values[kept++] = _values[i];
            }
        }
        Count = kept;
    }

    /// <summary>Keeps the fewest best tokens whose softmax probabilities add up to <paramref name="share"/>; at least one.</summary>
    public void KeepMass(double share)
    {
        float top = Best();
        double target = Mass(top) * share;
        double sum = 0;
        int kept = 0;
        if (IsSorted)
        {
            do
            {
                sum += Elementary.Exp((double)_values[kept++] - top);
            }
            while (kept < Count && sum < target);
            Count = kept;
            return;
        }
        Heapify(Count, bestAtRoot: true);
        do
        {
            sum += Elementary.Exp((double)_values[0] - top);
            kept++;
            Swap(0, Count - kept);
            Sift(0, Count - kept, bestAtRoot: true);
        }
        while (kept < Count && sum < target);
        _ids.AsSpan(Count - kept, kept).Reverse(); // the best were put at the end, worst of them first
        _values.AsSpan(Count - kept, kept).Reverse();
        _ids.AsSpan(Count - kept, kept).CopyTo(_ids);
        _values.AsSpan(Count - kept, kept).CopyTo(_values);
        Count = kept;
        IsSorted = true;
    }

    /// <summary>The highest logit in play; negative infinity if there is none.</summary>
    public float Best()
    {
        float best = float.NegativeInfinity;
        foreach (float value in Values)
        {
            best = MathF.Max(best, value);
        }
        return best;
    }

    /// <summary>ln Σ exp of the logits in play: a logit minus this is the logarithm of its probability.</summary>
    public double LogMass()
    {
        float top = Best();
        return top + Elementary.Log(Mass(top));
    }

    /// <summary>Draws a token by softmax probability with <paramref name="uniform"/> in [0, 1).</summary>
    internal int Draw(double uniform)
    {
        float top = Best();
        double remaining = Mass(top) * uniform;
        for (int i = 0; i < Count - 1; i++)
        {
            remaining -= Elementary.Exp((double)_values[i] - top);
            if (remaining < 0)
            {
                return _ids[i];
            }
        }
        int last = Count - 1; // rounding can leave a trace of mass: give it to the last token that has any
        while (last > 0 && Elementary.Exp((double)_values[last] - top) == 0)
        {
            last--;
        }
        return _ids[last];
    }

    private double Mass(float top) => Elementary.ExpSum(Values, top);

    internal void Reserve(int capacity)
    {
        if (_ids.Length < capacity)
        {
            _ids = new int[capacity];
            _values = new float[capacity];
        }
    }

    /// <summary>Whether the candidate at place <paramref name="a"/> is better than the one at <paramref name="b"/>.</summary>
    internal bool IsBetter(int a, int b) => _values[a] > _values[b] || (_values[a] == _values[b] && _ids[a] < _ids[b]);

    private void Swap(int a, int b)
    {
        (_ids[a], _ids[b]) = (_ids[b], _ids[a]);
        (_values[a], _values[b]) = (_values[b], _values[a]);
    }

    private void Heapify(int count, bool bestAtRoot)
    {
        for (int i = (count / 2) - 1; i >= 0; i--)
        {
            Sift(i, count, bestAtRoot);
        }
    }

    private void Sift(int root, int count, bool bestAtRoot)
    {
        while (true)
        {
            int child = (2 * root) + 1;
            if (child >= count)
            {
                return;
            }
            if (child + 1 < count && IsBetter(child + 1, child) == bestAtRoot)
            {
                child++;
            }
            if (IsBetter(child, root) != bestAtRoot)
            {
                return;
            }
            Swap(root, child);
            root = child;
        }
    }

    // The worst is at the root: moving it to the end again and again leaves the best in front.
    private void SortHeap()
    {
        for (int end = Count - 1; end > 0; end--)
        {
            Swap(0, end);
            Sift(0, end, bestAtRoot: false);
        }
        IsSorted = true;
    }
}
