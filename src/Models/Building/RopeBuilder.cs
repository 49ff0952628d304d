using LayerStream.Kernels.Ops;
using LayerStream.Models.Architectures;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>Reads the rotation of each kind of layer; equal ones share a table.</summary>
internal sealed class RopeBuilder(SpecReader reader, Architecture row, int context)
{
    private readonly List<RopeSpec> _tables = [];
    private readonly bool _isOff = row.FinetunedSwitchesRope && !reader.Flag("rope.scaling.finetuned", true);

    internal IReadOnlyList<RopeSpec> Tables => _tables;

    /// <summary>Context before scaling, in tokens.</summary>
    internal int OriginalContext => reader.Integer("rope.scaling.original_context_length", context, 1, int.MaxValue);

    /// <summary>Index of a layer's table; null when it does not rotate.</summary>
    internal int? TableFor(int layer, bool isSliding, int headDim)
    {
        if (_isOff || (row.RopeFreePeriod > 0 && (layer + 1) % row.RopeFreePeriod == 0))
        {
            return null;
        }

        RopeSpec rope = isSliding ? Sliding(row.Sliding!, headDim) : Full(headDim);
        int known = _tables.IndexOf(rope);
        if (known < 0)
        {
            _tables.Add(rope);
        }

        return known < 0 ? _tables.Count - 1 : known;
    }

    private double Theta => reader.Number("rope.freq_base", 10000, 1e-3, 1e15);

    private RopeSpec Full(int headDim) => Scaled(Dimensions("rope.dimension_count", headDim, headDim), Theta);

    private RopeSpec Sliding(SlidingLayers sliding, int headDim)
    {
        const string Name = "rope.dimension_count_swa";
        int dimensions = reader.HasKey(Name) ? Dimensions(Name, headDim, headDim) : Dimensions("rope.dimension_count", headDim, headDim);
        double theta = reader.Number("rope.freq_base_swa", sliding.Theta ?? Theta, 1e-3, 1e15);
        return sliding.ScalesRope ? Scaled(dimensions, theta) : new RopeSpec(dimensions, theta);
    }

    private int Dimensions(string name, int absent, int headDim)
    {
        int dimensions = reader.Integer(name, absent, 2, headDim);
        return dimensions % 2 == 0 ? dimensions : throw reader.BadKey(name, $"= {dimensions} is odd");
    }

    private RopeSpec Scaled(int dimensions, double theta)
    {
        RopeSpec plain = new(dimensions, theta) { OriginalContext = OriginalContext };
        if (reader.Has("rope_factors_long.weight") || reader.Has("rope_factors_short.weight"))
        {
            return plain with
            {
                ScalingType = "longrope",
                Factors = reader.Small("rope_factors_short.weight", dimensions / 2),
                LongFactors = reader.Small("rope_factors_long.weight", dimensions / 2),
                Magnitude = (float)reader.Number("rope.scaling.attn_factor", 1, 1e-3, 1e3),
            };
        }

        string type = reader.Text("rope.scaling.type") ?? "linear";
        if (!RopeScaling.Supports(type) || type == "longrope")
        {
            // The factors of longrope are tensors, which the file does not have.
            reader.Gap(type == "longrope" ? "tensor rope_factors_long.weight is not in the file" : $"rope scaling '{type}'");
            return plain;
        }

        double factor = reader.Factor(reader.HasKey("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear", 0);
        if (type == "yarn" && theta == 1)
        {
            throw reader.BadKey("rope.freq_base", "= 1 does not go with yarn");
        }

        return plain with
        {
            ScalingType = type,
            Factor = factor,
            BetaFast = reader.Number("rope.scaling.yarn_beta_fast", 32, 1e-6, 1e9),
            BetaSlow = reader.Number("rope.scaling.yarn_beta_slow", 1, 1e-6, 1e9),
            Factors = reader.OptionalSmall("rope_freqs.weight", dimensions / 2),
            Magnitude = type == "yarn" ? YarnMagnitude(factor) : null,
        };
    }

    private float? YarnMagnitude(double factor)
    {
        const string Name = "rope.scaling.yarn_log_multiplier";
        if (row.YarnMagnitude == Architectures.YarnMagnitude.Plain || !reader.HasKey(Name))
        {
            return null;
        }

        if (row.YarnMagnitude == Architectures.YarnMagnitude.IntoScale)
        {
            return 1;
        }

        double log = factor > 1 ? 0.1 * Elementary.Log(factor) : 0;
        return (float)((log + 1) / ((reader.Number(Name, 1, 0, 1e3) * log) + 1));
    }
}
