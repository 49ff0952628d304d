using LayerStream.Formats;
using LayerStream.Kernels;

namespace LayerStream.Models;

/// <summary>Reads a <see cref="ModelSpec"/> off a file: keys and tensors in, one resolved layer list out.</summary>
public sealed class ModelSpecBuilder
{
    private const int MaxLayers = 4096;
    private const int MaxGaps = 256; // a damaged block_count must not list the tensors of thousands of layers

    private readonly GgufModel _model;
    private readonly Architecture _row;
    private readonly List<string> _gaps = [];
    private readonly List<WeightMatrix> _matrices = [];
    private readonly Dictionary<string, SmallWeight> _small = [];
    private long _smallBytes;

    private ModelSpecBuilder(GgufModel model, Architecture row)
    {
        _model = model;
        _row = row;
    }

    /// <summary>Resolves a model.</summary>
    /// <exception cref="UnsupportedModelException">The family, a tensor type or a tensor is missing; all gaps are listed.</exception>
    /// <exception cref="ModelFormatException">A key is missing or makes no sense.</exception>
    public static ModelSpec Build(GgufModel model)
    {
        Architecture? row = ArchitectureTable.Find(model.Architecture);
        List<string> gaps = [];
        if (row is null)
        {
            gaps.Add($"architecture '{model.Architecture ?? "(none)"}' (known: {string.Join(", ", ArchitectureTable.All.Select(a => a.Name))})");
        }

        foreach (IGrouping<TensorType, TensorInfo> type in model.Tensors.GroupBy(t => t.Type).Where(g => !Usable(g.Key)))
        {
            gaps.Add($"tensor type {type.Key} ({type.Count()} tensors, first {type.First().Name})");
        }

        if (row is null || gaps.Count > 0)
        {
            throw new UnsupportedModelException(gaps);
        }

        return new ModelSpecBuilder(model, row).BuildSpec();
    }

    private static bool Usable(TensorType type) => MatMul.Supports(type) && Dequantize.Supports(type);

    private ModelSpec BuildSpec()
    {
        int blocks = Positive("block_count"), width = Positive("embedding_length"), context = Positive("context_length");
        int layerCount = blocks - Int("nextn_predict_layers", 0);
        if (layerCount is < 1 or > MaxLayers)
        {
            throw Bad($"block_count {blocks} leaves {layerCount} layers, 1 to {MaxLayers} are possible");
        }

        TensorInfo? embedding = Need("token_embd.weight", width, 0);
        LayerSpec?[] layers = new LayerSpec?[layerCount];
        for (int i = 0; i < layers.Length && _gaps.Count < MaxGaps; i++)
        {
            layers[i] = BuildLayer(i, width);
        }

        SmallWeight? outputNorm = Small("output_norm.weight", width);
        TensorInfo? output = _model.Find("output.weight") ?? embedding;
        if (_gaps.Count > 0 || embedding is null || output is null || outputNorm is null)
        {
            throw new UnsupportedModelException(_gaps);
        }

        WeightMatrix head = Matrix(output, layers.Length, output.Name.Replace(".weight", "", StringComparison.Ordinal));
        head = WithHeadBias(head);
        RopeSpec rope = Rope(layers[0]!.KeyDim, context); // before the list of small weights is closed
        return new ModelSpec
        {
            Architecture = _row,
            Width = width,
            Vocabulary = checked((int)embedding.Rows),
            TrainedContext = context,
            Epsilon = (float)_model.Metadata.GetDouble(Key("attention.layer_norm_rms_epsilon"), 1e-5),
            Layers = [.. layers.Select(l => l!)],
            Matrices = _matrices,
            SmallWeights = [.. _small.Values],
            SmallWeightBytes = _smallBytes,
            TokenEmbedding = embedding,
            OutputNorm = outputNorm,
            Head = head,
            Rope = rope,
        };
    }

    private WeightMatrix WithHeadBias(WeightMatrix head)
    {
        WeightMatrix biased = head with { Bias = OptionalSmall("output.bias", head.Rows) };
        _matrices[head.Id] = biased;
        return biased;
    }

    private LayerSpec? BuildLayer(int i, int width)
    {
        string p = $"blk.{i}.";
        int before = _gaps.Count;
        int heads = PerLayer("attention.head_count", i, 0), kvHeads = PerLayer("attention.head_count_kv", i, heads);
        if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0)
        {
            throw Bad($"attention.head_count {heads} and head_count_kv {kvHeads} do not divide");
        }

        int keyDim = Int("attention.key_length", width / heads), valueDim = Int("attention.value_length", width / heads);
        if (keyDim < 1 || valueDim < 1)
        {
            throw Bad("attention.key_length and value_length must be positive");
        }

        if (_model.Find(p + "ffn_gate_inp.weight") is not null)
        {
            _gaps.Add($"experts ({p}ffn_gate_inp.weight)");
            return null;
        }

        SmallWeight? attentionNorm = Small(p + "attn_norm.weight", width);
        bool fused = _model.Find(p + "attn_qkv.weight") is not null;
        long q = (long)heads * keyDim, k = (long)kvHeads * keyDim, v = (long)kvHeads * valueDim;
        WeightMatrix? qkv = fused ? NeedMatrix(p + "attn_qkv", i, width, q + k + v) : null;
        WeightMatrix? query = fused ? null : NeedMatrix(p + "attn_q", i, width, q);
        WeightMatrix? key = fused ? null : NeedMatrix(p + "attn_k", i, width, k);
        WeightMatrix? value = fused ? null : NeedMatrix(p + "attn_v", i, width, v);
        WeightMatrix? attentionOutput = NeedMatrix(p + "attn_output", i, (long)heads * valueDim, width);
        SmallWeight? ffnNorm = Small($"{p}{_row.FfnNorm}.weight", width);
        WeightMatrix? gate = _model.Find(p + "ffn_gate.weight") is null ? null : NeedMatrix(p + "ffn_gate", i, width, 0);
        WeightMatrix? up = NeedMatrix(p + "ffn_up", i, width, 0);
        int ffnWidth = up is null ? 0 : gate is null ? up.Rows / 2 : up.Rows;
        WeightMatrix? down = NeedMatrix(p + "ffn_down", i, ffnWidth, width);
        if (_gaps.Count > before)
        {
            return null;
        }

        return new LayerSpec
        {
            Index = i,
            Heads = heads,
            KvHeads = kvHeads,
            KeyDim = keyDim,
            ValueDim = valueDim,
            AttentionScale = (float)(1 / Math.Sqrt(keyDim)),
            AttentionNorm = attentionNorm!,
            FfnNorm = ffnNorm!,
            Qkv = qkv,
            Query = query,
            Key = key,
            Value = value,
            QueryNorm = OptionalSmall(p + "attn_q_norm.weight", keyDim),
            KeyNorm = OptionalSmall(p + "attn_k_norm.weight", keyDim),
            QueryBias = OptionalSmall(p + "attn_q.bias", q),
            KeyBias = OptionalSmall(p + "attn_k.bias", k),
            ValueBias = OptionalSmall(p + "attn_v.bias", v),
            AttentionOutput = attentionOutput!,
            Gate = gate,
            Up = up!,
            Down = down!,
            FfnWidth = ffnWidth,
        };
    }

    private RopeSpec Rope(int keyDim, int context)
    {
        int dimensions = Int("rope.dimension_count", keyDim);
        if (dimensions < 2 || dimensions > keyDim || dimensions % 2 != 0)
        {
            throw Bad($"rope.dimension_count {dimensions} does not fit heads of {keyDim}");
        }

        double factor = _model.Metadata.GetDouble(Key("rope.scaling.factor"), _model.Metadata.GetDouble(Key("rope.scale_linear"), 1));
        return Checked(new RopeSpec(
            dimensions,
            _model.Metadata.GetDouble(Key("rope.freq_base"), 10000),
            _model.Metadata.GetString(Key("rope.scaling.type")) ?? "linear",
            factor == 0 ? 1 : factor,
            Int("rope.scaling.original_context_length", context),
            _model.Metadata.GetDouble(Key("rope.scaling.yarn_beta_fast"), 32),
            _model.Metadata.GetDouble(Key("rope.scaling.yarn_beta_slow"), 1),
            OptionalSmall("rope_freqs.weight", dimensions / 2)));
    }

    private RopeSpec Checked(RopeSpec rope)
    {
        if (!RopeScaling.Supports(rope.ScalingType))
        {
            throw new UnsupportedModelException([$"rope scaling type '{rope.ScalingType}'"]);
        }

        bool isYarn = rope.ScalingType == "yarn";
        return rope.Theta > 0 && double.IsFinite(rope.Theta) && double.IsFinite(rope.Factor) && (!isYarn || (rope.OriginalContext > 0 && rope.Theta != 1))
            ? rope
            : throw Bad($"rope with base {rope.Theta}, factor {rope.Factor} and original context {rope.OriginalContext} is out of range");
    }

    private WeightMatrix? NeedMatrix(string name, int layer, long columns, long rows)
    {
        TensorInfo? tensor = Need(name + ".weight", columns, rows);
        return tensor is null ? null : Matrix(tensor, layer, name);
    }

    private WeightMatrix Matrix(TensorInfo tensor, int layer, string name)
    {
        // Biases of fused Q, K and V parts are separate vectors and belong to the layer, not to the matrix.
        bool part = name.EndsWith("attn_q", StringComparison.Ordinal) || name.EndsWith("attn_k", StringComparison.Ordinal) || name.EndsWith("attn_v", StringComparison.Ordinal);
        WeightMatrix matrix = new()
        {
            Id = _matrices.Count,
            Layer = layer,
            Tensor = tensor,
            Bias = part ? null : OptionalSmall(name + ".bias", tensor.Rows),
            Scale = OptionalSmall(name + ".scale", 1),
        };
        _matrices.Add(matrix);
        return matrix;
    }

    private TensorInfo? Need(string name, long columns, long rows)
    {
        TensorInfo? tensor = _model.Find(name);
        if (tensor is null)
        {
            _gaps.Add($"tensor {name} is not in the file");
        }
        else if (tensor.Columns != columns || (rows > 0 && tensor.Rows != rows) || tensor.Rows is < 1 or > int.MaxValue)
        {
            throw Bad($"tensor {name} has shape [{string.Join(", ", tensor.Shape)}], expected [{columns}, {(rows > 0 ? rows : "…")}]", tensor.Extent.Offset);
        }

        return tensor;
    }

    private SmallWeight? Small(string name, long count)
    {
        SmallWeight? small = OptionalSmall(name, count);
        if (small is null)
        {
            _gaps.Add($"tensor {name} is not in the file");
        }

        return small;
    }

    private SmallWeight? OptionalSmall(string name, long count)
    {
        if (_small.TryGetValue(name, out SmallWeight? known))
        {
            return known;
        }

        TensorInfo? tensor = _model.Find(name);
        if (tensor is null)
        {
            return null;
        }

        if (tensor.Elements != count)
        {
            throw Bad($"tensor {name} has {tensor.Elements} values, expected {count}", tensor.Extent.Offset);
        }

        SmallWeight small = new(tensor, _smallBytes);
        _smallBytes = checked(_smallBytes + (tensor.Elements * 4 + 63) / 64 * 64);
        _small.Add(name, small);
        return small;
    }

    private string Key(string name) => _row.Name + "." + name;

    private int Int(string name, int absent)
    {
        long value = _model.Metadata.GetInt64(Key(name), absent);
        return value is >= 0 and <= int.MaxValue ? (int)value : throw Bad($"{Key(name)} = {value} is out of range");
    }

    private int Positive(string name)
    {
        long value = _model.Metadata.GetInt64(Key(name));
        return value is > 0 and <= 1 << 24 ? (int)value : throw Bad($"{Key(name)} = {value} is out of range");
    }

    private int PerLayer(string name, int layer, int absent)
    {
        IReadOnlyList<long>? values = _model.Metadata.GetIntegers(Key(name));
        if (values is null || values.Count == 0)
        {
            return absent;
        }

        long value = values.Count == 1 ? values[0] : layer < values.Count ? values[layer] : throw Bad($"{Key(name)} has {values.Count} entries, layer {layer} has none");
        return value is >= 0 and <= 1 << 20 ? (int)value : throw Bad($"{Key(name)} = {value} is out of range");
    }

    private ModelFormatException Bad(string message, long offset = 0) => new(_model.Files[0], offset, message);
}
