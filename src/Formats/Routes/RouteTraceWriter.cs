using System.Globalization;
using System.IO.Compression;

namespace LayerStream.Formats.Routes;

/// <summary>Writes a route trace as <see cref="RouteTraceReader"/> reads it, compressed. Token ids are left out. Not for the data plane: it
/// formats text.</summary>
public sealed class RouteTraceWriter : IDisposable
{
    /// <summary>The column line.</summary>
    public const string Columns = "turn,phase,step,layer,slot,expert,weight,residency,expert_bytes";

    private readonly RouteHeader _header;
    private readonly StreamWriter _text;

    /// <summary>Writes the header to a stream, which stays open.</summary>
    public RouteTraceWriter(Stream stream, RouteHeader header)
    {
        _header = header;
        _text = new StreamWriter(new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true)) { NewLine = "\n" };
        _text.WriteLine("# route_trace v1");
        _text.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"# model={Path.GetFileName(header.Model)} arch={header.Architecture} n_layer={header.Layers} n_expert={header.Experts} "
                + $"n_expert_used={header.Routed}"));
        for (int layer = 0; layer < header.Layers; layer++)
        {
            _text.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"# layer={layer} expert_bytes={header.ExpertBytes[layer]} dense_bytes={header.DenseBytes[layer]}"));
        }

        _text.WriteLine(Columns);
    }

    /// <summary>Writes the routing of one token in one layer.</summary>
    /// <param name="turn">Turn of the conversation, from 0.</param>
    /// <param name="phase">0 = prompt, 1 = generation.</param>
    /// <param name="step">Token of the turn, from 0.</param>
    /// <param name="layer">Layer.</param>
    /// <param name="experts">Expert ids, strongest first.</param>
    /// <param name="weights">Their router weights.</param>
    /// <param name="hits">Whether each was resident; empty when that is not known.</param>
    public void Write(int turn, int phase, int step, int layer, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights,
        ReadOnlySpan<bool> hits)
    {
        for (int slot = 0; slot < experts.Length; slot++)
        {
            bool hit = !hits.IsEmpty && hits[slot];
            _text.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{turn},{phase},{step},{layer},{slot},{experts[slot]},{weights[slot]:G6},"
                + $"{(hit ? 1 : 0)},{(hit ? 0 : _header.ExpertBytes[layer])}"));
        }
    }

    /// <summary>Writes a whole trace.</summary>
    public void Write(RouteTrace trace)
    {
        foreach (RouteTouch t in trace.Touches)
        {
            Write(t.Turn, t.Phase, t.Step, t.Layer, trace.Experts(t), trace.Weights(t), []);
        }
    }

    /// <summary>Completes the compressed data.</summary>
    public void Dispose() => _text.Dispose();
}
