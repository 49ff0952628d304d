using System.Runtime.InteropServices;

namespace LayerStream.Formats.Routes;

/// <summary>Recorded routing: for each token and layer, in order, the experts it went to and their weights.</summary>
public sealed class RouteTrace
{
    private readonly List<RouteTouch> _touches = [];
    private readonly List<int> _experts = [];
    private readonly List<float> _weights = [];

    /// <summary>An empty trace of a model.</summary>
    public RouteTrace(RouteHeader header) => Header = header;

    /// <summary>The model it was recorded from.</summary>
    public RouteHeader Header { get; }

    /// <summary>Routings in order; tokens ascend, layers ascend within a token.</summary>
    public IReadOnlyList<RouteTouch> Touches => _touches;

    /// <summary>Tokens.</summary>
    public int Tokens => _touches.Count == 0 ? 0 : _touches[^1].Token + 1;

    /// <summary>Routed experts of all touches together.</summary>
    public int Accesses => _experts.Count;

    /// <summary>Expert ids of a touch, strongest first.</summary>
    public ReadOnlySpan<int> Experts(in RouteTouch touch) =>
        CollectionsMarshal.AsSpan(_experts).Slice(touch.Begin, touch.Count);

    /// <summary>Router weights of a touch, in the order of its experts.</summary>
    public ReadOnlySpan<float> Weights(in RouteTouch touch) =>
        CollectionsMarshal.AsSpan(_weights).Slice(touch.Begin, touch.Count);

    /// <summary>Appends one routing.</summary>
    /// <exception cref="ArgumentException">Out of order, out of range, or an expert twice.</exception>
    public void Add(int token, int turn, int phase, int step, int layer, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights)
    {
        if (experts.Length != weights.Length || experts.IsEmpty)
        {
            throw new ArgumentException("a routing has as many weights as experts, and at least one");
        }

        if (layer < 0 || layer >= Header.Layers)
        {
            throw new ArgumentException($"layer {layer} is not one of {Header.Layers}");
        }

        RouteTouch last = _touches.Count == 0 ? new(-1, 0, 0, 0, -1, 0, 0) : _touches[^1];
        if (token != last.Token + 1 && (token != last.Token || layer <= last.Layer))
        {
            throw new ArgumentException($"token {token}, layer {layer} comes after token {last.Token}, layer {last.Layer}");
        }

        for (int i = 0; i < experts.Length; i++)
        {
            if (experts[i] < 0 || experts[i] >= Header.Experts)
            {
                throw new ArgumentException($"expert {experts[i]} is not one of {Header.Experts}");
            }

            if (experts[..i].Contains(experts[i]))
            {
                throw new ArgumentException($"expert {experts[i]} stands twice in layer {layer}");
            }
        }

        _touches.Add(new RouteTouch(token, turn, phase, step, layer, _experts.Count, experts.Length));
        _experts.AddRange(experts);
        _weights.AddRange(weights);
    }
}

/// <summary>The routing of one token in one layer.</summary>
/// <param name="Token">Token of the trace, from 0.</param>
/// <param name="Turn">Turn of the conversation.</param>
/// <param name="Phase">0 = prompt, 1 = generation.</param>
/// <param name="Step">Step of the turn.</param>
/// <param name="Layer">Layer.</param>
/// <param name="Begin">Where its experts begin.</param>
/// <param name="Count">Its experts.</param>
public readonly record struct RouteTouch(int Token, int Turn, int Phase, int Step, int Layer, int Begin, int Count);
