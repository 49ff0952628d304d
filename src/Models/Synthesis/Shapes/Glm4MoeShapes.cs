namespace LayerStream.Models.Synthesis.Shapes;

/// <summary>GLM-4.6 without its block for further tokens. Source: the published configuration.</summary>
public static class Glm4MoeShapes
{
    internal static readonly ModelShape[] Rows = [Create("glm-4.6", "GLM-4.6", 92, 5120, 96, 8, 128, 3, 12288, 160, 8, 1536)];

    /// <summary>A shape of the family; <paramref name="inner"/> is an expert's, <paramref name="dense"/> that of the first layers, which
    /// have none.</summary>
    public static ModelShape Create(
        string name, string title, int layers, int width, int heads, int keyHeads, int headDim, int denseLayers, int dense, int experts,
            int used, int inner) =>
        new(name, title, "glm4moe", layers, width)
        {
            Experts = experts,
            Keys = count =>
            [
                ("context_length", 202752u), ("embedding_length", (uint)width), ("feed_forward_length", (uint)dense),
                    ("attention.head_count", (uint)heads),
            ("attention.head_count_kv", (uint)keyHeads), ("attention.key_length", (uint)headDim), ("attention.value_length", (uint)headDim),
                ("rope.dimension_count", (uint)(headDim / 2)),
            ("rope.freq_base", 1e6f), ("attention.layer_norm_rms_epsilon", 1e-5f),
                ("leading_dense_block_count", (uint)DeepSeek2Shapes.DenseLayers(denseLayers, count)),
            ("expert_count", (uint)experts), ("expert_used_count", (uint)used), ("expert_feed_forward_length", (uint)inner),
                ("expert_shared_count", 1u),
            ("expert_gating_func", 2u), ("expert_weights_norm", true), ("expert_weights_scale", 2.5f),
        ],
            Layer = (t, layer, count) =>
            {
                t.BlindNorm("attn_norm");
                foreach ((string side, int rows) in ((string, int)[])[("q", heads), ("k", keyHeads)])
                {
                    t.Matrix($"attn_{side}", width, rows * headDim);
                    t.Normal($"attn_{side}.bias", 0, 0.1, rows * headDim);
                    t.Norm($"attn_{side}_norm", headDim);
                }

                t.FinerMatrix("attn_v", width, keyHeads * headDim);
                t.Normal("attn_v.bias", 0, 0.1, keyHeads * headDim);
                t.Matrix("attn_output", heads * headDim, width);
                t.Norm("post_attention_norm", width);
                if (layer < DeepSeek2Shapes.DenseLayers(denseLayers, count))
                {
                    t.Dense(dense);
                    return;
                }

                t.Experts(inner, experts);
                t.Normal("exp_probs_b.bias", 0, 0.002, experts);
                t.Dense(inner, "_shexp");
            },
        };
}
