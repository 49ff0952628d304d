
namespace LayerStream.Models.Synthesis.Shapes;

/// <summary>DeepSeek V3 without its block for further tokens. Source: the published configuration.</summary>
public static class DeepSeek2Shapes
{
    internal static readonly ModelShape[] Rows =
    [
        Create("deepseek-v3", "DeepSeek-V3", 61, 7168, new LatentMixer(128, 1536, 512, 128, 64, 128), 3, 18432, 256, 8, 2048, 8),
    ];

    /// <summary>A shape of the family; <paramref name="inner"/> is an expert's, <paramref name="dense"/> that of the first layers, which
    /// have none.</summary>
    public static ModelShape Create(
        string name, string title, int layers, int width, LatentMixer mixer, int denseLayers, int dense, int experts, int used, int inner,
            int groups) =>
        new(name, title, "deepseek2", layers, width)
        {
            Experts = experts,
            Keys = count => Keys(width, mixer, DenseLayers(denseLayers, count), dense, experts, used, inner, groups),
            Layer = (t, layer, count) =>
            {
                t.BlindNorm("attn_norm");
                AddMixer(t, width, mixer);
                t.Norm("ffn_norm", width);
                if (layer < DenseLayers(denseLayers, count))
                {
                    t.Dense(dense);
                    return;
                }

                t.Experts(inner, experts);
                t.Normal("exp_probs_b.bias", 0, 0.002, experts);
                t.Dense(inner, "_shexp");
            },
        };

    /// <summary>Layers without experts; a model cut to few layers keeps at least one with them.</summary>
    internal static int DenseLayers(int published, int layers) => Math.Min(published, layers - 1);

    private static IEnumerable<(string Key, object Value)> Keys(int width, LatentMixer m, int denseLayers, int dense, int experts, int used,
        int inner, int groups) =>
    [
        ("context_length", 163840u), ("embedding_length", (uint)width), ("feed_forward_length", (uint)dense),
            ("attention.head_count", (uint)m.Heads), ("attention.head_count_kv", 1u),
        ("attention.key_length", (uint)(m.Latent + m.RopeDim)), ("attention.value_length", (uint)m.Latent),
            ("attention.key_length_mla", (uint)(m.PlainDim + m.RopeDim)),
        ("attention.value_length_mla", (uint)m.ValueDim), ("attention.q_lora_rank", (uint)m.QueryRank),
            ("attention.kv_lora_rank", (uint)m.Latent),
        ("attention.layer_norm_rms_epsilon", 1e-6f), ("rope.dimension_count", (uint)m.RopeDim), ("rope.freq_base", 10000f),
            ("rope.scaling.type", "yarn"), ("rope.scaling.factor", 40f),
        ("rope.scaling.original_context_length", 4096u), ("rope.scaling.yarn_beta_fast", 32f), ("rope.scaling.yarn_beta_slow", 1f),
            ("rope.scaling.yarn_log_multiplier", 0.1f),
        ("leading_dense_block_count", (uint)denseLayers), ("expert_count", (uint)experts), ("expert_used_count", (uint)used),
            ("expert_feed_forward_length", (uint)inner),
        ("expert_shared_count", 1u), ("expert_gating_func", 2u), ("expert_weights_norm", true), ("expert_weights_scale", 2.5f),
        ("expert_group_count", (uint)groups), ("expert_group_used_count", (uint)Math.Max(1, groups / 2)),
    ];

    private static void AddMixer(TensorList t, int width, LatentMixer m)
    {
        t.Matrix("attn_q_a", width, m.QueryRank);
        t.Norm("attn_q_a_norm", m.QueryRank);
        t.Matrix("attn_q_b", m.QueryRank, m.Heads * (m.PlainDim + m.RopeDim));
        t.Matrix("attn_kv_a_mqa", width, m.Latent + m.RopeDim);
        t.Norm("attn_kv_a_norm", m.Latent);
        t.Matrix("attn_k_b", m.PlainDim, m.Latent, m.Heads);
        t.Matrix("attn_v_b", m.Latent, m.ValueDim, m.Heads);
        t.Matrix("attn_output", m.Heads * m.ValueDim, width);
    }
}

/// <summary>Sizes of attention over latent vectors.</summary>
/// <param name="Heads">Heads.</param>
/// <param name="QueryRank">Rank of the queries.</param>
/// <param name="Latent">Values of a token's latent vector.</param>
/// <param name="PlainDim">Values of a query head that are not rotated.</param>
/// <param name="RopeDim">Values that are rotated.</param>
/// <param name="ValueDim">Values of a value head.</param>
public sealed record LatentMixer(int Heads, int QueryRank, int Latent, int PlainDim, int RopeDim, int ValueDim);
