using LayerStream.Kernels.Ops;
using LayerStream.Models.Architectures;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>Reads <see cref="LatentAttentionSpec"/> off a layer.</summary>
internal static class LatentAttentionBuilder
{
    private const int MostHeads = 1024;
    private const int MostHeadValues = 4096;

    internal static BranchSpec? Build(LayerSite site)
    {
        SpecReader reader = site.Reader;
        string p = site.Prefix;
        Shape s = ReadShape(site);
        bool isExpanded = reader.Has(p + "attn_kv_b.weight"), isLowRank = reader.Has(p + "attn_q_a.weight");
        int rank = isLowRank ? reader.Integer("attention.q_lora_rank", 1, DenseFfnBuilder.MostWidth) : 0;
        WeightMatrix? queryDown = isLowRank ? site.Matrix("attn_q_a", site.Width, rank) : null;
        WeightMatrix? keyValueDown = site.Matrix("attn_kv_a_mqa", site.Width, s.Latent + s.RopeDim);
        WeightMatrix? query = site.Matrix(isLowRank ? "attn_q_b" : "attn_q", isLowRank ? rank : site.Width,
            (long)s.Heads * (s.PlainDim + s.RopeDim));
        WeightMatrix? both = isExpanded ? site.Matrix("attn_kv_b", s.Latent, (long)s.Heads * (s.PlainDim + s.ValueDim)) : null;
        WeightMatrix? keyUp = isExpanded ? null : site.Matrix("attn_k_b", s.PlainDim, (long)s.Heads * s.Latent);
        WeightMatrix? valueUp = isExpanded ? null : site.Matrix("attn_v_b", s.Latent, (long)s.Heads * s.ValueDim);
        WeightMatrix? output = site.Matrix("attn_output", (long)s.Heads * s.ValueDim, site.Width);
        SmallWeight? queryNorm = isLowRank ? reader.Small(p + "attn_q_a_norm.weight", rank) : null;
        SmallWeight? latentNorm = reader.Small(p + "attn_kv_a_norm.weight", s.Latent);
        if (keyValueDown is null || query is null || output is null || latentNorm is null || (isLowRank && queryNorm is null)
            || (isExpanded ? both is null : keyUp is null || valueUp is null))
        {
            return null;
        }

        return new LatentAttentionSpec
        {
            Heads = s.Heads,
            PlainDim = s.PlainDim,
            RopeDim = s.RopeDim,
            ValueDim = s.ValueDim,
            Latent = s.Latent,
            Scale = Scale(site, s),
            Rope = s.Rope,
            RopeStyle = site.Row.Rope,
            Temperature = Temperature(reader),
            QueryDown = queryDown,
            QueryNorm = queryNorm,
            Query = query,
            KeyValueDown = keyValueDown,
            LatentNorm = latentNorm,
            KeyUp = keyUp,
            ValueUp = valueUp,
            KeyValueUp = both,
            Output = output,
        };
    }

    private static Shape ReadShape(LayerSite site)
    {
        SpecReader reader = site.Reader;
        int heads = reader.PerLayer("attention.head_count", site.Index, null, 1, MostHeads);
        string queryKey = reader.HasKey("attention.key_length_mla") ? "attention.key_length_mla" : "attention.key_length";
        string valueKey = reader.HasKey("attention.value_length_mla") ? "attention.value_length_mla" : "attention.value_length";
        int queryDim = reader.Integer(queryKey, 1, MostHeadValues), valueDim = reader.Integer(valueKey, 1, MostHeadValues);
        int ropeDim = reader.Integer("rope.dimension_count", 2, MostHeadValues);
        if (ropeDim >= queryDim)
        {
            throw reader.BadKey("rope.dimension_count", $"= {ropeDim} leaves nothing of {reader.Key(queryKey)} = {queryDim}");
        }

        int latent = reader.Integer("attention.kv_lora_rank", 1, MostHeadValues - ropeDim);
        int rope = site.Ropes.TableFor(site.Index, isSliding: false, queryDim)!.Value;
        return new Shape(heads, queryDim - ropeDim, ropeDim, valueDim, latent, rope);
    }

    /// <summary>μ²/√(values of a query head), with μ of <see cref="YarnMagnitude.IntoScale"/>.</summary>
    private static float Scale(LayerSite site, Shape shape)
    {
        const string Name = "rope.scaling.yarn_log_multiplier";
        RopeSpec rope = site.Ropes.Tables[shape.Rope];
        bool isYarn = site.Row.YarnMagnitude == YarnMagnitude.IntoScale && rope.ScalingType == "yarn" && rope.Factor > 1
            && site.Reader.HasKey(Name);
        double magnitude = isYarn ? 1 + (site.Reader.Number(Name, 0, 0, 1e3) * Elementary.Log(rope.Factor)) : 1;
        return (float)(magnitude * magnitude / Math.Sqrt(shape.PlainDim + shape.RopeDim));
    }

    private static QueryTemperature? Temperature(SpecReader reader)
    {
        double beta = reader.Number("attention.temperature_scale", 0, 0, 1e6);
        return beta > 0 ? new QueryTemperature(beta, reader.Integer("attention.temperature_length", 1, int.MaxValue)) : null;
    }

    private readonly record struct Shape(int Heads, int PlainDim, int RopeDim, int ValueDim, int Latent, int Rope);
}
