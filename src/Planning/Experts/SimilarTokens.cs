namespace LayerStream.Planning.Experts;

/// <summary>
/// What followed earlier tokens that were routed like this one. Tokens are compared by the experts they share in the layers walked so
/// far; a softmax over the mean share weighs them, and the experts of the tokens after them gain that weight, less from token to token.
/// </summary>
internal sealed class SimilarTokens(int layers, int experts, int routed)
{
    private const int Depth = 256;          // tokens remembered
    private const float Sharpness = 12;     // of the softmax
    private const float Fading = 0.75f;     // per token after the similar one
    private const float NextFactor = 0.178f, SoonFactor = 0.128f; // fitted with those of UseHistory

    private readonly ushort[] _past = new ushort[Depth * layers * routed]; // [token, layer, k] expert + 1; 0 = none
    // [token] sum over this token's layers of the share of experts in common
    private readonly float[] _shared = new float[Depth];
    private readonly float[] _weights = new float[Depth];
    private readonly bool[] _here = new bool[experts + 1];
    private int _now = Depth - 1;
    private int _count;
    private int _walked;

    /// <summary>The next token begins; the oldest is forgotten when all places are taken.</summary>
    internal void Begin()
    {
        _now = (_now + 1) % Depth;
        _count = Math.Min(_count + 1, Depth);
        _walked = 0;
        Array.Clear(_shared);
        Array.Clear(_past, _now * layers * routed, layers * routed);
    }

    /// <summary>Remembers the routing of a layer (the strongest K of it) and adds the forecast to the values of its experts.</summary>
    internal void Touch(int layer, ReadOnlySpan<int> given, Span<float> values)
    {
        Remember(layer, given);
        if (_count < 2)
        {
            return;
        }

        float total = Weigh(layer, Math.Min(given.Length, routed));
        // From the oldest on: a token's experts gain the weight of its predecessor, and what is left of those before.
        float soon = 0;
        for (int age = _count - 2; age >= 0; age--)
        {
            float next = _weights[Place(age + 1)] / total;
            soon = next + (Fading * soon);
            float gain = (NextFactor * next) + (SoonFactor * soon);
            foreach (ushort expert in Past(Place(age), layer))
            {
                if (expert > 0)
                {
                    values[expert - 1] += gain;
                }
            }
        }
    }

    private void Remember(int layer, ReadOnlySpan<int> given)
    {
        _walked++;
        Span<ushort> places = _past.AsSpan(((_now * layers) + layer) * routed, routed);
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = i < given.Length ? (ushort)(given[i] + 1) : (ushort)0;
        }
    }

    /// <summary>Weight of every earlier token; returns their sum.</summary>
    private float Weigh(int layer, int given)
    {
        ReadOnlySpan<ushort> current = Past(_now, layer);
        foreach (ushort expert in current)
        {
            _here[expert] = expert > 0;
        }

        float most = 0;
        for (int age = 1; age < _count; age++)
        {
            int place = Place(age), common = 0;
            foreach (ushort expert in Past(place, layer))
            {
                common += _here[expert] ? 1 : 0;
            }

            _shared[place] += (float)common / given;
            most = Math.Max(most, _shared[place]);
        }

        foreach (ushort expert in current)
        {
            _here[expert] = false;
        }

        float total = 0;
        for (int age = 1; age < _count; age++)
        {
            int place = Place(age);
            _weights[place] = MathF.Exp(Sharpness * (_shared[place] - most) / _walked);
            total += _weights[place];
        }

        return total;
    }

    private int Place(int age) => (_now - age + Depth) % Depth;

    private ReadOnlySpan<ushort> Past(int place, int layer) => _past.AsSpan(((place * layers) + layer) * routed, routed);
}
