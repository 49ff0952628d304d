namespace LayerStream.Sampling;

/// <summary>
/// Repetition, frequency and presence penalties over the last tokens. Repetition divides positive logits and multiplies
/// negative ones (Keskar et al. 2019, CTRL, section 4.1); frequency counts every sighting, presence the first.
/// </summary>
internal sealed class PenaltyStep(SamplingOptions options) : ISamplerStep
{
    private readonly float _repeat = options.RepeatPenalty;
    private readonly float _frequency = options.FrequencyPenalty;
    private readonly float _presence = options.PresencePenalty;
    private readonly int _lastN = options.RepeatLastN;
    private int[] _counts = []; // per token id; all zero between calls

    public string Name => "penalties";

    public static bool IsNeeded(SamplingOptions o) =>
        o.RepeatLastN != 0 && (o.RepeatPenalty != 1 || o.FrequencyPenalty != 0 || o.PresencePenalty != 0);

    public void Apply(SamplerContext context)
    {
        Span<float> logits = context.Logits;
        IReadOnlyList<int> history = context.History;
        Reserve(logits.Length);
        int first = _lastN < 0 ? 0 : Math.Max(0, history.Count - _lastN);
        for (int i = first; i < history.Count; i++)
        {
            if ((uint)history[i] < (uint)logits.Length)
            {
                _counts[history[i]]++;
            }
        }
        for (int i = first; i < history.Count; i++)
        {
            int id = history[i];
            if ((uint)id < (uint)logits.Length && _counts[id] != 0)
            {
                float value = logits[id] <= 0 ? logits[id] * _repeat : logits[id] / _repeat;
                logits[id] = value - (_counts[id] * _frequency) - _presence;
                _counts[id] = 0;
            }
        }
    }

    public void Reserve(int vocabularySize)
    {
        if (_counts.Length < vocabularySize)
        {
            _counts = new int[vocabularySize];
        }
    }
}
