using LayerStream.Kernels.Ops;

namespace LayerStream.Sampling;

/// <summary>
/// Keeps the fewest tokens that hold the wanted probability, those first whose surprise −ln p is closest to the entropy
/// (Meister et al. 2023, locally typical sampling). Of equally close ones the earlier candidate comes first.
/// </summary>
internal sealed class TypicalPStep(SamplingOptions options) : ISamplerStep
{
    private readonly double _share = options.TypicalP;
    private Entry[] _entries = [];
    private bool[] _keeps = [];

    public string Name => "typical_p";

    public void Apply(SamplerContext context)
    {
        Candidates candidates = context.Candidates;
        candidates.Take(context.Logits);
        if (candidates.Count == 0)
        {
            return;
        }

        Reserve(candidates.Count);
        Span<Entry> entries = _entries.AsSpan(0, candidates.Count);
        Span<bool> keeps = _keeps.AsSpan(0, candidates.Count);
        double normalizer = candidates.LogMass();
        double entropy = 0;
        foreach (float value in candidates.Values)
        {
            double surprise = normalizer - value;
            entropy += Elementary.Exp(-surprise) * surprise;
        }

        for (int i = 0; i < entries.Length; i++)
        {
            double surprise = normalizer - candidates.Values[i];
            entries[i] = new Entry(Math.Abs(surprise - entropy), Elementary.Exp(-surprise), i);
        }

        entries.Sort(static (a, b) => a.Distance != b.Distance ? a.Distance.CompareTo(b.Distance) : a.Index.CompareTo(b.Index));
        keeps.Clear();
        double sum = 0;
        for (int i = 0; i < entries.Length && (i == 0 || sum < _share); i++)
        {
            keeps[entries[i].Index] = true;
            sum += entries[i].Probability;
        }

        candidates.Retain(keeps);
    }

    private void Reserve(int count)
    {
        if (_entries.Length < count)
        {
            _entries = new Entry[count];
            _keeps = new bool[count];
        }
    }

    private readonly record struct Entry(double Distance, double Probability, int Index);
}
