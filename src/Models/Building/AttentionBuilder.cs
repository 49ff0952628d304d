using LayerStream.Models.Architectures;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>Reads <see cref="AttentionSpec"/> off a layer.</summary>
internal static class AttentionBuilder
{
    private const int MostHeads = 4096; // bound what a kernel keeps on its stack
    private const int MostHeadValues = 4096;

    internal static BranchSpec? Build(LayerSite site)
    {
        Shape shape = ReadShape(site);
        SpecReader reader = site.Reader;
        Architecture row = site.Row;
        string p = site.Prefix;
        bool fused = shape.KvSource is null && reader.Has(p + "attn_qkv.weight"), writes = shape.KvSource is null;
        bool sharesKeys = row.KeysMayBeValues && !reader.Has(p + "attn_v.weight");
        if (sharesKeys && writes && !fused && shape.KeyDim != shape.ValueDim)
        {
            throw reader.Bad($"layer {site.Index} has no {p}attn_v.weight, and keys of {shape.KeyDim} do not serve as values of "
                + $"{shape.ValueDim}");
        }

        int q = shape.QueryWidth, k = shape.KvHeads * shape.KeyDim, v = shape.KvHeads * shape.ValueDim;
        WeightMatrix? qkv = fused ? site.Matrix("attn_qkv", site.Width, (long)q + k + v, FusedBiases(site, q, k, v)) : null;
        WeightMatrix? query = fused ? null : site.Matrix("attn_q", site.Width, q);
        WeightMatrix? key = fused || !writes ? null : site.Matrix("attn_k", site.Width, k);
        WeightMatrix? value = fused || !writes || sharesKeys ? null : site.Matrix("attn_v", site.Width, v);
        WeightMatrix? output = site.Matrix("attn_output", (long)shape.Heads * shape.ValueDim, site.Width);
        int? rope = site.Ropes.TableFor(site.Index, site.IsSliding, shape.KeyDim);
        QkNorm qkNorm = row.ExpertsWithoutQkNorm > 0 && reader.Integer("expert_count", 0, 0, int.MaxValue) == row.ExpertsWithoutQkNorm
            ? QkNorm.Head : row.QkNorm;
        SmallWeight? Norm(string name, int heads) => row.QkNorm == QkNorm.HeadAfterRope
            ? null : reader.OptionalSmall(p + name, row.QkNorm == QkNorm.Row ? heads * shape.KeyDim : shape.KeyDim);
        SmallWeight? queryNorm = Norm("attn_q_norm.weight", shape.Heads),
            keyNorm = writes ? Norm("attn_k_norm.weight", shape.KvHeads) : null;
        SmallWeight? sinks = reader.OptionalSmall(p + "attn_sinks.weight", shape.Heads);
        if (output is null || (qkv ?? query) is null || (writes && !fused && (key is null || (value is null && !sharesKeys))))
        {
            return null;
        }

        return new AttentionSpec
        {
            Heads = shape.Heads,
            KvHeads = shape.KvHeads,
            KeyDim = shape.KeyDim,
            ValueDim = shape.ValueDim,
            Scale = Scale(site, shape),
            Window = site.Kinds.Window(site.Index),
            Rope = rope,
            RopeStyle = row.Rope,
            QkNorm = qkNorm,
            QueryNorm = queryNorm,
            KeyNorm = keyNorm,
            Sinks = sinks,
            HasQueryGate = row.HasQueryGate,
            Temperature = Temperature(site, rope),
            NormalisesValues = row.NormalisesValues,
            KvSource = shape.KvSource,
            Qkv = qkv,
            Query = query,
            Key = key,
            Value = value,
            Output = output,
        };
    }

    private static Shape ReadShape(LayerSite site)
    {
        SpecReader reader = site.Reader;
        int? source = KvSource(site);
        int heads = reader.PerLayer("attention.head_count", site.Index, null, 1, MostHeads);
        int kvHeads = reader.PerLayer("attention.head_count_kv", source ?? site.Index, heads, 1, heads);
        if (heads % kvHeads != 0)
        {
            throw reader.BadKey("attention.head_count", $"{heads} is no multiple of head_count_kv {kvHeads}");
        }

        int Dim(string name)
        {
            int dim = site.IsSliding && reader.HasKey(name + "_swa") ? reader.Integer(name + "_swa", 1, MostHeadValues)
                : reader.Integer(name, site.Width / heads, 1, MostHeadValues);
            return dim;
        }

        Shape shape = new(heads, kvHeads, Dim("attention.key_length"), Dim("attention.value_length"), site.Row.HasQueryGate, source);
        return !shape.HasGate || shape.KeyDim == shape.ValueDim
            ? shape : throw reader.BadKey("attention.value_length",
            $"{shape.ValueDim} must equal key_length {shape.KeyDim} where queries have gates");
    }

    /// <summary>The last layer of the same kind in front of those that share keys and values.</summary>
    private static int? KvSource(LayerSite site)
    {
        int own = site.Layers - site.Reader.Integer("attention.shared_kv_layers", 0, 0, site.Layers);
        if (site.Index < own)
        {
            return null;
        }

        for (int i = own - 1; i >= 0; i--)
        {
            if (site.Kinds.IsSliding(i) == site.IsSliding)
            {
                return i;
            }
        }

        throw site.Reader.BadKey("attention.shared_kv_layers", $"is too large: layer {site.Index} has no earlier layer of its kind");
    }

    private static RowBias[]? FusedBiases(LayerSite site, int q, int k, int v)
    {
        if (site.Reader.Has(site.Prefix + "attn_qkv.bias"))
        {
            return null;
        }

        (string Name, int First, int Count)[] parts = [("attn_q.bias", 0, q), ("attn_k.bias", q, k), ("attn_v.bias", q + k, v)];
        return [.. parts.Where(b => site.Reader.Has(site.Prefix + b.Name))
            .Select(b => new RowBias(site.Reader.OptionalSmall(site.Prefix + b.Name, b.Count)!, b.First))];
    }

    private static float Scale(LayerSite site, Shape shape)
    {
        double headDim = 1 / Math.Sqrt(shape.KeyDim);
        if (site.Row.LayersScaledByWidth == site.Layers)
        {
            int perHead = site.Width / shape.Heads;
            return perHead > 0 ? (float)(1 / Math.Sqrt(perHead))
                : throw site.Reader.BadKey("attention.head_count", $"{shape.Heads} is more than the width {site.Width}");
        }

        return site.Row.Scale switch
        {
            AttentionScale.Key => (float)(site.Reader.Number("attention.scale", headDim, -1e6, 1e6) is var scale
                && scale == 0 ? headDim : scale),
            AttentionScale.One => 1,
            _ => (float)headDim,
        };
    }

    private static QueryTemperature? Temperature(LayerSite site, int? rope)
    {
        double beta = site.Reader.Number("attention.temperature_scale", 0, 0, 1e6);
        return beta > 0 ? new QueryTemperature(beta, site.Ropes.OriginalContext) : rope is null ? site.Row.RopeFreeTemperature : null;
    }

    private readonly record struct Shape(int Heads, int KvHeads, int KeyDim, int ValueDim, bool HasGate, int? KvSource)
    {
        public int QueryWidth => Heads * KeyDim * (HasGate ? 2 : 1);
    }
}
