using LayerStream.Formats.Routes;

namespace LayerStream.Planning.Experts;

/// <summary>
/// Routing with the temporal locality of real models, for models that exist only in shape. The router's logit of an expert is its
/// popularity (normal, constant) + its topic (first-order autoregressive, normal) + fresh Gumbel noise; a token goes to the K largest.
/// The spreads are fitted to the LRU and LFU hit rates of three recorded traces at 3 to 48 % residency; the fit is tested.
/// </summary>
public sealed class SyntheticRouting
{
    private const double PopularitySpread = 1.35;
    private const double TopicSpread = 1.8;
    private const double TopicMemory = 0.98; // correlation from token to token

    private readonly int _experts;
    private readonly float[] _popularity; // [layer, expert]
    private readonly float[] _topic;      // [layer, expert]
    private readonly double _locality;
    private ulong _state;

    /// <summary>Begins a text.</summary>
    /// <param name="layers">Layers, L.</param>
    /// <param name="experts">Experts per layer, E.</param>
    /// <param name="seed">Same seed, same routing.</param>
    /// <param name="locality">1 = as recorded, 0 = every expert equally likely at every token.</param>
    public SyntheticRouting(int layers, int experts, ulong seed, double locality = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(locality);
        (_experts, _locality, _state) = (experts, locality, seed);
        _popularity = new float[layers * experts];
        _topic = new float[layers * experts];
        for (int i = 0; i < _topic.Length; i++)
        {
            (_popularity[i], _topic[i]) = ((float)Normal(), (float)Normal());
        }
    }

    /// <summary>Routes the next token in one layer.</summary>
    /// <param name="layer">Layer.</param>
    /// <param name="chosen">K expert ids, strongest first.</param>
    /// <param name="weights">Their weights, a softmax over the chosen.</param>
    public void Next(int layer, Span<int> chosen, Span<float> weights)
    {
        Span<float> popularity = _popularity.AsSpan(layer * _experts, _experts), topic = _topic.AsSpan(layer * _experts, _experts);
        weights.Fill(float.NegativeInfinity);
        double fresh = Math.Sqrt(1 - (TopicMemory * TopicMemory));
        for (int e = 0; e < _experts; e++)
        {
            topic[e] = (float)((TopicMemory * topic[e]) + (fresh * Normal()));
            double logit = (_locality * ((PopularitySpread * popularity[e]) + (TopicSpread * topic[e]))) - Math.Log(-Math.Log(Uniform()));
            Insert(chosen, weights, e, (float)logit);
        }

        float most = weights[0], sum = 0;
        foreach (ref float w in weights)
        {
            w = MathF.Exp(w - most);
            sum += w;
        }

        foreach (ref float w in weights)
        {
            w /= sum;
        }
    }

    /// <summary>Routes whole tokens into a trace.</summary>
    public static RouteTrace Generate(RouteHeader header, int tokens, ulong seed, double locality = 1)
    {
        SyntheticRouting routing = new(header.Layers, header.Experts, seed, locality);
        RouteTrace trace = new(header);
        int[] chosen = new int[header.Routed];
        float[] weights = new float[header.Routed];
        for (int token = 0; token < tokens; token++)
        {
            for (int layer = 0; layer < header.Layers; layer++)
            {
                routing.Next(layer, chosen, weights);
                trace.Add(token, 0, 1, token, layer, chosen, weights);
            }
        }

        return trace;
    }

    private static void Insert(Span<int> chosen, Span<float> logits, int expert, float logit)
    {
        int at = chosen.Length;
        while (at > 0 && logit > logits[at - 1])
        {
            at--;
        }

        if (at < chosen.Length)
        {
            chosen[at..^1].CopyTo(chosen[(at + 1)..]);
            logits[at..^1].CopyTo(logits[(at + 1)..]);
            (chosen[at], logits[at]) = (expert, logit);
        }
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(Uniform())) * Math.Cos(2 * Math.PI * Uniform()); // Box and Muller 1958

    /// <summary>Uniform in (0, 1), from SplitMix64 (Steele et al. 2014).</summary>
    private double Uniform()
    {
        ulong z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        z ^= z >> 31;
        return ((z >> 11) + 0.5) / (1UL << 53);
    }
}
