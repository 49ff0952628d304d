namespace LayerStream.Models.Synthesis.Shapes;

/// <summary>gpt-oss with experts in MXFP4. Source: the published configuration.</summary>
public static class GptOssShapes
{
    internal static readonly ModelShape[] Rows = [Create("gpt-oss-120b", "gpt-oss-120b", 36, 2880, 64, 8, 64, 128, 4, 2880)];

    /// <summary>A shape of the family; <paramref name="inner"/> is an expert's.</summary>
    public static ModelShape Create(string name, string title, int layers, int width, int heads, int keyHeads, int headDim, int experts,
        int used, int inner) =>
        new(name, title, "gpt-oss", layers, width)
        {
            Experts = experts,
            Mix = TensorMix.FourBitFloatExperts,
            LayerVariance = 0.9,
            Keys = _ =>
            [
                ("context_length", 131072u), ("embedding_length", (uint)width), ("feed_forward_length", (uint)inner),
                    ("attention.head_count", (uint)heads),
            ("attention.head_count_kv", (uint)keyHeads), ("attention.key_length", (uint)headDim), ("attention.value_length", (uint)headDim),
                ("attention.sliding_window", 128u),
            ("rope.freq_base", 150000f), ("rope.scaling.type", "yarn"), ("rope.scaling.factor", 32f),
                ("rope.scaling.original_context_length", 4096u),
            ("rope.scaling.yarn_beta_fast", 32f), ("rope.scaling.yarn_beta_slow", 1f), ("attention.layer_norm_rms_epsilon", 1e-5f),
            ("expert_count", (uint)experts), ("expert_used_count", (uint)used), ("expert_feed_forward_length", (uint)inner),
        ],
            Layer = (t, _, _) =>
            {
                t.BlindNorm("attn_norm");
                foreach ((string side, int rows) in ((string, int)[])[("q", heads), ("k", keyHeads), ("v", keyHeads)])
                {
                    t.Matrix($"attn_{side}", width, rows * headDim);
                    t.Normal($"attn_{side}.bias", 0, 0.1, rows * headDim);
                }

                t.Matrix("attn_output", heads * headDim, width);
                t.Normal("attn_output.bias", 0, 0.1, width);
                t.Normal("attn_sinks", 0, 1, heads);
                t.Norm("post_attention_norm", width);
                t.Experts(inner, experts);
                t.Normal("ffn_gate_inp.bias", 0, 0.02, experts);
                t.Normal("ffn_gate_exps.bias", 0, 0.1, inner, experts);
                t.Normal("ffn_up_exps.bias", 0, 0.1, inner, experts);
                t.Normal("ffn_down_exps.bias", 0, 0.1, width, experts);
            },
        };
}
