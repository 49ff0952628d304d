using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>
/// What builders read a model through: keys within ranges, tensors of expected shapes. Collects matrices and small weights as they
/// are asked for, and gaps instead of stopping at the first; a value that makes no sense is a <see cref="ModelFormatException"/>.
/// </summary>
internal sealed class SpecReader(GgufModel model, string prefix)
{
    private const int MostNamedGaps = 100; // a damaged layer count would name thousands

    private readonly List<string> _gaps = [];
    private readonly List<WeightMatrix> _matrices = [];
    private readonly List<ExpertBank> _banks = [];
    private readonly Dictionary<string, SmallWeight> _small = [];
    private readonly OrderedDictionary<TensorType, List<string>> _unknownTypes = [];
    private int _unnamed;

    internal IReadOnlyList<string> Gaps =>
    [
        .. _gaps,
        .. _unknownTypes.Select(t => $"tensor type {t.Key} ({t.Value.Count} tensors, first {t.Value[0]})"),
        .. _unnamed == 0 ? Array.Empty<string>() : [$"and {_unnamed} more"],
    ];

    /// <summary>In the order of asking, which is the order of use in a pass.</summary>
    internal IReadOnlyList<WeightMatrix> Matrices => _matrices;

    internal IReadOnlyList<ExpertBank> Banks => _banks;

    internal IReadOnlyCollection<SmallWeight> SmallWeights => _small.Values;

    /// <summary>Bytes of the buffer of small weights so far.</summary>
    internal long SmallBytes { get; private set; }

    internal void Gap(string what)
    {
        if (_gaps.Count == MostNamedGaps)
        {
            _unnamed++;
        }
        else if (!_gaps.Contains(what))
        {
            _gaps.Add(what);
        }
    }

    internal bool Has(string tensor) => model.Find(tensor) is not null;

    internal bool HasKey(string name) => model.Metadata.Contains(Key(name));

    internal string Key(string name) => prefix + "." + name;

    internal ModelFormatException Bad(string message, long offset = 0) => new(model.Files[0], offset, message);

    /// <summary>An error of a key's value, which begins the message; it points at the value, or at byte 0 where the key is
    /// absent.</summary>
    internal ModelFormatException BadKey(string name, string problem) =>
        new(model.Files[0], model.Metadata.OffsetOf(Key(name)), $"{Key(name)} {problem}");

    internal string? Text(string name) => model.Metadata.GetString(Key(name));

    internal bool Flag(string name, bool absent) => model.Metadata.GetBool(Key(name), absent);

    /// <summary>A required integer.</summary>
    internal int Integer(string name, int least, int most) => Checked(name, model.Metadata.GetInt64(Key(name)), least, most);

    /// <summary>An integer; the value for an absent key must be in the range too.</summary>
    internal int Integer(string name, long absent, int least, int most) =>
        Checked(name, model.Metadata.GetInt64(Key(name), absent), least, most);

    /// <summary>A finite number in a range.</summary>
    internal double Number(string name, double absent, double least, double most)
    {
        double value = model.Metadata.GetDouble(Key(name), absent);
        return value >= least && value <= most ? value : throw BadKey(name, $"= {value} is outside {least} … {most}");
    }

    /// <summary>A number for which 0 stands for "not used", like an absent key.</summary>
    internal double Factor(string name, double least = -1e6)
    {
        double value = Number(name, 1, least, 1e6);
        return value == 0 ? 1 : Math.Abs(value) >= 1e-6 ? value : throw BadKey(name, $"= {value} is too small for a factor");
    }

    /// <summary>An integer for each layer, or one for all.</summary>
    internal int PerLayer(string name, int layer, long? absent, int least, int most)
    {
        IReadOnlyList<long>? values = model.Metadata.GetIntegers(Key(name));
        if (values is null)
        {
            return absent is { } value ? Checked(name, value, least, most) : throw Bad($"the required key '{Key(name)}' is missing");
        }

        bool isArray = !model.Metadata.TryGetInt64(Key(name), out long one);
        return Checked(name, isArray ? Entry(name, values, layer) : one, least, most);
    }

    /// <summary>A flag for each layer; null when the key is absent or no array.</summary>
    internal bool[]? LayerFlags(string name, int layers)
    {
        if (!HasKey(name) || model.Metadata.TryGetInt64(Key(name), out _))
        {
            return null;
        }

        IReadOnlyList<long> values = model.Metadata.GetIntegers(Key(name))!;
        return [.. Enumerable.Range(0, layers).Select(i => Entry(name, values, i) != 0)];
    }

    /// <summary>A tensor of a shape, as a matrix with its scale and its biases; null and a gap when it is missing.</summary>
    /// <param name="name">Without <c>.weight</c>.</param>
    /// <param name="rows">0 = any.</param>
    /// <param name="biases">Instead of <c>NAME.bias</c>.</param>
    /// <param name="hasScale">Whether <c>NAME.scale</c> is a factor for the result.</param>
    internal WeightMatrix? Matrix(string name, int layer, long columns, long rows, IReadOnlyList<RowBias>? biases = null,
        bool hasScale = true)
    {
        TensorInfo? tensor = Tensor(name + ".weight", columns, rows);
        if (tensor is null)
        {
            return null;
        }

        RequireProduct(tensor);

        WeightMatrix matrix = new()
        {
            Id = _matrices.Count,
            Layer = layer,
            Tensor = tensor,
            Biases = biases ?? (OptionalSmall(name + ".bias", tensor.Rows) is { } bias ? [new RowBias(bias, 0)] : []),
            Scale = Scale(name, 1, mayBePlain: hasScale),
        };
        _matrices.Add(matrix);
        return matrix;
    }

    /// <summary>A matrix of every expert, with what stands beside it; null and a gap when it is missing.</summary>
    /// <param name="name">Of the stack, without <c>.weight</c>.</param>
    /// <param name="single">Of one expert in files with a tensor for each, without its number and <c>.weight</c>.</param>
    /// <param name="rows">Of one expert; 0 = any.</param>
    internal ExpertMatrix? Experts(string name, string single, long columns, long rows, int experts) =>
        HasSingle(name, single) ? Singles(single, columns, rows, experts) : Stack(name, columns, rows, experts);

    /// <summary>Columns of a matrix of every expert; 0 when it is missing.</summary>
    internal long ExpertColumns(string name, string single) =>
        model.Find(HasSingle(name, single) ? single + ".0.weight" : name + ".weight")?.Columns ?? 0;

    private bool HasSingle(string name, string single) => !Has(name + ".weight") && Has(single + ".0.weight");

    /// <summary>Files of early 2024 have a tensor for each expert.</summary>
    private ExpertMatrix? Singles(string single, long columns, long rows, int experts)
    {
        TensorInfo[] tensors = new TensorInfo[experts];
        for (int e = 0; e < experts; e++)
        {
            string name = $"{single}.{e}";
            if (Tensor(name + ".weight", columns, e == 0 ? rows : tensors[0].Rows) is not { } tensor)
            {
                return null;
            }

            RequireProduct(tensor);
            tensors[e] = tensor;
            if (tensor.Type != tensors[0].Type)
            {
                Gap($"one tensor per expert of different types ({tensors[0].Name} {tensors[0].Type}, {tensor.Name} {tensor.Type}): "
                    + "convert the model again with a current converter, which stacks them");
                return null;
            }

            if (Has(name + ".bias") || Has(name + ".scale") || Has(name + ".weight.scale"))
            {
                Gap($"a bias or factor beside {tensor.Name}, one of an old layout with one tensor per expert: convert the model again "
                    + "with a current converter");
                return null;
            }
        }

        return !Has($"{single}.{experts}.weight") ? new ExpertMatrix(tensors)
            : throw BadKey("expert_count", $"= {experts}, but the file has {single}.{experts}.weight as well");
    }

    private ExpertMatrix? Stack(string name, long columns, long rows, int experts)
    {
        TensorInfo? tensor = Tensor(name + ".weight", columns, rows * experts);
        if (tensor is null)
        {
            return null;
        }

        RequireProduct(tensor);

        if (tensor.Rows % experts != 0 || (tensor.Shape.Count > 2 && tensor.Shape[^1] != experts))
        {
            throw Bad($"tensor {name}.weight has shape [{string.Join(", ", tensor.Shape)}], which does not hold {Key("expert_count")} = "
                + $"{experts} matrices", tensor.Extent.Offset);
        }

        int own = (int)(tensor.Rows / experts);
        return new ExpertMatrix(tensor, own)
        {
            Scales = Scale(name, experts),
            Biases = OptionalSmall(name + ".bias", (long)own * experts),
        };
    }

    /// <summary>Registers the experts of the next layer that has some.</summary>
    internal ExpertBank Bank(int layer, int experts, int used, IReadOnlyList<ExpertMatrix> matrices)
    {
        ExpertBank bank = new() { Id = _banks.Count, Layer = layer, Experts = experts, Used = used, Matrices = matrices };
        _banks.Add(bank);
        return bank;
    }

    /// <summary>Rows of a tensor; 0 when it is missing.</summary>
    internal long RowsOf(string tensor) => model.Find(tensor)?.Rows ?? 0;

    /// <summary>A table whose rows are looked up; null and a gap when it is missing.</summary>
    internal TensorInfo? Table(string name, long columns, long rows)
    {
        TensorInfo? table = Tensor(name, columns, rows);
        if (table is not null)
        {
            RequireDecoder(table);
            RefuseCompanions(name);
        }

        return table;
    }

    /// <summary>A tensor of a shape; null and a gap when it is missing.</summary>
    private TensorInfo? Tensor(string name, long columns, long rows)
    {
        TensorInfo? tensor = model.Find(name);
        if (tensor is null)
        {
            Gap($"tensor {name} is not in the file");
        }
        else if (tensor.Columns != columns || (rows > 0 && tensor.Rows != rows) || tensor.Rows is < 1 or > int.MaxValue)
        {
            throw Bad($"tensor {name} has shape [{string.Join(", ", tensor.Shape)}], expected [{columns}, {(rows > 0 ? rows : "…")}]",
                tensor.Extent.Offset);
        }

        return tensor;
    }

    /// <summary>A vector; null and a gap when it is missing.</summary>
    internal SmallWeight? Small(string name, long count)
    {
        SmallWeight? small = OptionalSmall(name, count);
        if (small is null)
        {
            Gap($"tensor {name} is not in the file");
        }

        return small;
    }

    /// <summary>A vector, or null when it is missing.</summary>
    internal SmallWeight? OptionalSmall(string name, long count)
    {
        if (_small.TryGetValue(name, out SmallWeight? known) || model.Find(name) is not { } tensor)
        {
            return known;
        }

        if (tensor.Elements != count)
        {
            throw Bad($"tensor {name} has {tensor.Elements} values, expected {count}", tensor.Extent.Offset);
        }

        RequireDecoder(tensor);
        RefuseCompanions(name);
        SmallWeight small = new(tensor, SmallBytes);
        SmallBytes = checked(SmallBytes + ((tensor.Elements * 4) + 63) / 64 * 64);
        _small.Add(name, small);
        return small;
    }

    /// <summary>
    /// The factor of a matrix, under either of the names that writers give it: NAME.scale or NAME.weight.scale; null without. Stacks have
    /// one for each expert, or one for all.
    /// </summary>
    /// <param name="mayBePlain">Whether NAME.scale is that factor; it means something else beside the routers of one family.</param>
    private SmallWeight? Scale(string name, int count, bool mayBePlain = true)
    {
        string plain = name + ".scale", full = name + ".weight.scale";
        if (mayBePlain && Has(plain) && Has(full))
        {
            throw Bad($"tensor {name}.weight has two factors, {plain} and {full}", model.Find(full)!.Extent.Offset);
        }

        string own = mayBePlain && Has(plain) ? plain : full;
        return OptionalSmall(own, model.Find(own)?.Elements == 1 ? 1 : count);
    }

    /// <summary>A factor or a bias beside what is not multiplied by would be lost in silence.</summary>
    private void RefuseCompanions(string tensor)
    {
        const string Weight = ".weight";
        string stem = tensor.EndsWith(Weight, StringComparison.Ordinal) ? tensor[..^Weight.Length] : tensor;
        foreach ((string companion, string what) in new[] { (".scale", "factor"), (".weight.scale", "factor"), (".bias", "bias") })
        {
            if (stem != tensor && Has(stem + companion))
            {
                Gap($"a {what} beside {tensor} ({stem}{companion})");
            }
        }
    }

    private void RequireProduct(TensorInfo tensor) => RequireType(tensor, MatMul.Supports(tensor.Type) && Dequantize.Supports(tensor.Type));

    private void RequireDecoder(TensorInfo tensor) => RequireType(tensor, Dequantize.Supports(tensor.Type));

    /// <summary>A type matters only for the tensors that a model is made of.</summary>
    private void RequireType(TensorInfo tensor, bool isKnown)
    {
        if (isKnown)
        {
            return;
        }

        if (!_unknownTypes.TryGetValue(tensor.Type, out List<string>? names))
        {
            _unknownTypes.Add(tensor.Type, names = []);
        }

        if (!names.Contains(tensor.Name))
        {
            names.Add(tensor.Name);
        }
    }

    private long Entry(string name, IReadOnlyList<long> values, int layer) =>
        layer < values.Count ? values[layer] : throw BadKey(name, $"has {values.Count} entries, layer {layer} has none");

    private int Checked(string name, long value, int least, int most) =>
        value >= least && value <= most ? (int)value : throw BadKey(name, $"= {value} is outside {least} … {most}");
}
