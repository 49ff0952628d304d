using System.Globalization;
using System.Text.RegularExpressions;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;

namespace LayerStream.Conversion;

/// <summary>Chooses types by the names that GGUF gives tensors.</summary>
/// <param name="target">What is wanted.</param>
/// <param name="output">Type of the output matrix instead of the target's, or null.</param>
/// <param name="embedding">Type of the embedding instead of the target's, or null.</param>
/// <param name="isTied">Whether the embedding stands for the output matrix.</param>
public sealed partial class TypeChooser(QuantizeTarget target, TensorType? output, TensorType? embedding, bool isTied)
{
    /// <summary>Tensors with fewer elements stay as they are.</summary>
    public const int LeastElements = 1024;

    /// <summary>The output matrix.</summary>
    public const string OutputName = "output.weight";

    /// <summary>The token embedding.</summary>
    public const string EmbeddingName = "token_embd.weight";

    /// <summary>The choice for a tensor.</summary>
    public TensorChoice Choose(TensorInfo tensor)
    {
        TensorType wanted = (IsMatrix(tensor) ? Wanted(tensor.Name) : null) ?? tensor.Type;
        return new TensorChoice(tensor, wanted == tensor.Type ? wanted : Fitting(wanted, tensor.Columns), wanted);
    }

    /// <summary>
    /// Whether a tensor is a weight matrix: of two dimensions or more, of a type with values that can be read, not a norm, not a
    /// router, not a convolution, not small.
    /// </summary>
    public static bool IsMatrix(TensorInfo tensor) =>
        tensor.Shape.Count >= 2 && tensor.Elements >= LeastElements && Dequantize.Supports(tensor.Type)
        && tensor.Name.EndsWith(".weight", StringComparison.Ordinal) && !KeptName().IsMatch(tensor.Name);

    /// <summary>The type itself, or the one that stands in where rows of <paramref name="columns"/> are no whole blocks of it.</summary>
    public static TensorType Fitting(TensorType type, long columns)
    {
        if (columns % TensorTypes.Get(type).BlockSize != 0)
        {
            type = TensorTypes.Get(type).ForShortRows ?? TensorType.F16;
        }

        return columns % TensorTypes.Get(type).BlockSize == 0 ? type : TensorType.F16;
    }

    private TensorType? Wanted(string name)
    {
        if (name == OutputName || (name == EmbeddingName && isTied))
        {
            return (name == EmbeddingName ? embedding : null) ?? output ?? target.Head;
        }

        return name == EmbeddingName ? embedding ?? target.Base : IsRaised(name) ? target.Raised : target.Base;
    }

    private bool IsRaised(string name) => target.Raises switch
    {
        RaisedShare.None => false,
        RaisedShare.EverySecond => ValueName().IsMatch(name) || DownLayer(name) % 2 == 0,
        _ => ValueName().IsMatch(name) || DownLayer(name) >= 0 || name.EndsWith(".attn_output.weight", StringComparison.Ordinal),
    };

    /// <summary>The layer of a down-projection; −1 for any other name.</summary>
    private static int DownLayer(string name) =>
        DownName().Match(name) is { Success: true } down ? int.Parse(down.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : -1;

    [GeneratedRegex(@"norm|\bffn_gate_inp|conv1d|^position_embd|^token_types|\bssm_[ad]\b|\battn_rel_b\b", RegexOptions.CultureInvariant)]
    private static partial Regex KeptName();

    [GeneratedRegex(@"\.(attn_v|attn_qkv|attn_kv_b|attn_v_b)\.weight$", RegexOptions.CultureInvariant)]
    private static partial Regex ValueName();

    [GeneratedRegex(@"^blk\.(\d{1,6})\.ffn_down(_exps|_shexp)?\.weight$", RegexOptions.CultureInvariant)]
    private static partial Regex DownName();
}
