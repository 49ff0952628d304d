namespace LayerStream.Formats;

/// <summary>
/// Keeps the routing of a run in arrays sized at construction, so that recording allocates nothing; written as a trace at the run's end.
/// Routings beyond the capacity are counted and left out.
/// </summary>
public sealed class RouteRecorder
{
    private readonly RouteHeader _header;
    private readonly (int Turn, int Step, byte Phase, byte Count, short Layer)[] _touches;
    private readonly ushort[] _experts;
    private readonly float[] _weights;
    private readonly bool[] _hits;
    private int _count;

    /// <summary>Room for the routings of <paramref name="tokens"/> tokens in every layer.</summary>
    public RouteRecorder(RouteHeader header, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(header.Routed, byte.MaxValue);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(header.Experts, ushort.MaxValue + 1);
        int touches = checked(tokens * header.Layers);
        _header = header;
        _touches = new (int, int, byte, byte, short)[touches];
        _experts = new ushort[checked(touches * header.Routed)];
        _weights = new float[_experts.Length];
        _hits = new bool[_experts.Length];
    }

    /// <summary>Managed bytes that a recorder takes.</summary>
    public static long Bytes(RouteHeader header, int tokens) => (long)tokens * header.Layers * (12 + (7L * header.Routed));

    /// <summary>Routings left out for want of room.</summary>
    public int Dropped { get; private set; }

    /// <summary>Keeps one routing; arguments as of <see cref="RouteTraceWriter.Write(int, int, int, int, ReadOnlySpan{int}, ReadOnlySpan{float}, ReadOnlySpan{bool})"/>.</summary>
    public void Record(int turn, int phase, int step, int layer, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights, ReadOnlySpan<bool> hits)
    {
        if (_count == _touches.Length || experts.Length > _header.Routed)
        {
            Dropped++;
            return;
        }

        int at = _count * _header.Routed;
        for (int i = 0; i < experts.Length; i++)
        {
            _experts[at + i] = (ushort)experts[i];
            _weights[at + i] = weights[i];
            _hits[at + i] = !hits.IsEmpty && hits[i];
        }

        _touches[_count++] = (turn, step, (byte)phase, (byte)experts.Length, (short)layer);
    }

    /// <summary>Writes the trace, token after token: a prompt's pass records layer after layer, a trace has every token whole.</summary>
    public void WriteTo(Stream stream)
    {
        using RouteTraceWriter writer = new(stream, _header);
        int[] order = [.. Enumerable.Range(0, _count).OrderBy(i => _touches[i].Turn).ThenBy(i => _touches[i].Step).ThenBy(i => _touches[i].Layer)];
        int[] experts = new int[_header.Routed];
        foreach (int i in order)
        {
            (int turn, int step, byte phase, byte count, short layer) = _touches[i];
            int at = i * _header.Routed;
            for (int k = 0; k < count; k++)
            {
                experts[k] = _experts[at + k];
            }

            writer.Write(turn, phase, step, layer, experts.AsSpan(0, count), _weights.AsSpan(at, count), _hits.AsSpan(at, count));
        }
    }
}
