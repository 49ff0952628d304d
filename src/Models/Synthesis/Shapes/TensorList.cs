using System.Globalization;
using LayerStream.Formats;

namespace LayerStream.Models.Synthesis.Shapes;

/// <summary>Collects the tensors of a synthetic model layer by layer.</summary>
internal sealed class TensorList(TensorMix mix, int layers, int width, int vocabulary)
{
    private readonly List<SyntheticTensor> _tensors = [];
    private string _prefix = "";
    private int _layer;

    internal IReadOnlyList<SyntheticTensor> Tensors => _tensors;

    private bool HasMoreBits => TensorMix.HasMoreBits(_layer, layers);

    /// <summary>Names that follow are of this layer; below 0, of none.</summary>
    internal void BeginLayer(int layer) => (_layer, _prefix) = (layer,
        layer < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"blk.{layer}."));

    /// <summary>Token embeddings, of variance L: they stay half of the residual stream, to which each layer adds below 1.</summary>
    internal void Embedding() => Add("token_embd.weight", TensorMix.Fitting(mix.Plain, width),
        new TensorFill(FillKind.Embedding, 0, Math.Sqrt(layers)), width, vocabulary);

    /// <summary>The norm before the head, and the head.</summary>
    internal void Head()
    {
        BlindNorm("output_norm");
        Blocks("output", mix.More, width, vocabulary);
    }

    /// <summary>A matrix of variance 1 / columns.</summary>
    internal void Matrix(string name, long columns, params ReadOnlySpan<long> rows) => Blocks(name, mix.Plain, [columns, .. rows]);

    /// <summary>A matrix that gets more bits in some layers.</summary>
    internal void FinerMatrix(string name, long columns, params ReadOnlySpan<long> rows) =>
        Blocks(name, HasMoreBits ? mix.More : mix.Plain, [columns, .. rows]);

    /// <summary>A matrix of type Q8_0.</summary>
    internal void ByteMatrix(string name, long columns, params ReadOnlySpan<long> rows) =>
        Blocks(name, TensorType.Q8_0, [columns, .. rows]);

    /// <summary>Gate, up and down of a dense network or, with a suffix, of the shared expert.</summary>
    internal void Dense(long inner, string suffix = "")
    {
        Matrix("ffn_gate" + suffix, width, inner);
        Matrix("ffn_up" + suffix, width, inner);
        FinerMatrix("ffn_down" + suffix, inner, width);
    }

    /// <summary>A router, and gate, up and down of its experts.</summary>
    internal void Experts(long inner, long experts)
    {
        Add("ffn_gate_inp.weight", TensorType.F32, new TensorFill(FillKind.Router, _layer, 1 / Math.Sqrt(width)), width, experts);
        Blocks("ffn_gate_exps", mix.Experts, width, inner, experts);
        Blocks("ffn_up_exps", mix.Experts, width, inner, experts);
        Blocks("ffn_down_exps", HasMoreBits ? mix.MoreExperts : mix.Experts, inner, width, experts);
    }

    /// <summary>Weights of a norm.</summary>
    internal void Norm(string name, long size) => Normal(name + ".weight", 1, 0.02, size);

    /// <summary>Weights of the norm before a mixer, or before the head.</summary>
    internal void BlindNorm(string name) => Add(name + ".weight", TensorType.F32, new TensorFill(FillKind.BlindNorm, 1, 0.02), width);

    /// <summary>Normal floats; the name is whole.</summary>
    internal void Normal(string name, double mean, double deviation, params ReadOnlySpan<long> shape) =>
        Add(name, TensorType.F32, new TensorFill(FillKind.Normal, mean, deviation), shape);

    /// <summary>Uniform floats; the name is whole.</summary>
    internal void Uniform(string name, double least, double most, params ReadOnlySpan<long> shape) =>
        Add(name, TensorType.F32, new TensorFill(FillKind.Uniform, least, most), shape);

    /// <summary>Divisors of Llama 3's rotation frequencies.</summary>
    internal void RopeFactors(double baseFrequency, int pairs) =>
        Add("rope_freqs.weight", TensorType.F32, new TensorFill(FillKind.RopeFactors, baseFrequency, 0), pairs);

    private void Blocks(string name, TensorType type, params ReadOnlySpan<long> shape) =>
        Add(name + ".weight", TensorMix.Fitting(type, shape[0]), new TensorFill(FillKind.Blocks, 0, 1 / Math.Sqrt(shape[0])), shape);

    private void Add(string name, TensorType type, TensorFill fill, params ReadOnlySpan<long> shape) =>
        _tensors.Add(new SyntheticTensor(_prefix + name, type, shape.ToArray(), fill));
}
