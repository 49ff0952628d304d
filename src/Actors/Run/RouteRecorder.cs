using LayerStream.Formats.Routes;
using LayerStream.Models.Spec;

namespace LayerStream.Actors.Run;

/// <summary>Turns the routing of a pass, which comes layer by layer, into that of its tokens, and writes it when the pass is
/// over.</summary>
internal sealed class RouteRecorder(ModelSpec spec, int batch, int promptTokens, RouteTraceWriter writer)
{
    private readonly int _used = spec.ExpertBanks.Max(b => b.Used);
    private readonly int[] _ids = new int[batch * spec.ExpertBanks.Count * spec.ExpertBanks.Max(b => b.Used)];
    private readonly float[] _weights = new float[batch * spec.ExpertBanks.Count * spec.ExpertBanks.Max(b => b.Used)];
    private readonly int[] _counts = new int[batch * spec.ExpertBanks.Count];

    /// <summary>Header of a model's traces.</summary>
    internal static RouteHeader Header(ModelSpec spec)
    {
        long[] experts = new long[spec.Layers.Count], dense = new long[spec.Layers.Count];
        foreach (ExpertBank bank in spec.ExpertBanks)
        {
            experts[bank.Layer] += bank.ExpertBytes;
        }

        foreach (WeightMatrix matrix in spec.Matrices.Where(m => m.Layer < dense.Length))
        {
            dense[matrix.Layer] += matrix.Tensor.Extent.Length;
        }

        return new RouteHeader(
            Path.GetFileName(spec.File), spec.Family, spec.ExpertBanks.Max(b => b.Experts), spec.ExpertBanks.Max(b => b.Used),
                experts, dense);
    }

    internal void Routed(int bank, int row, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights)
    {
        int place = (row * spec.ExpertBanks.Count) + bank;
        _counts[place] = experts.Length;
        experts.CopyTo(_ids.AsSpan(place * _used));
        weights.CopyTo(_weights.AsSpan(place * _used));
    }

    /// <summary>Writes the tokens of a pass whose first row stands at <paramref name="position"/>.</summary>
    internal void EndPass(int rows, int position)
    {
        for (int r = 0; r < rows; r++)
        {
            foreach (ExpertBank bank in spec.ExpertBanks)
            {
                int place = (r * spec.ExpertBanks.Count) + bank.Id, step = position + r;
                ReadOnlySpan<int> ids = _ids.AsSpan(place * _used, _counts[place]);
                writer.Write(0, step < promptTokens ? 0 : 1, step, bank.Layer, ids, _weights.AsSpan(place * _used, _counts[place]), []);
            }
        }
    }
}
