namespace LayerStream.Models.Synthesis.Shapes;

/// <summary>Qwen3 with experts. Source: the published configurations.</summary>
public static class Qwen3MoeShapes
{
    internal static readonly ModelShape[] Rows =
    [
        Create("qwen3-30b-a3b", "Qwen3-30B-A3B", 48, 2048, 32, 4, 128, 128, 8, 768),
        Create("qwen3-235b-a22b", "Qwen3-235B-A22B", 94, 4096, 64, 4, 128, 128, 8, 1536),
    ];

    /// <summary>A shape of the family; <paramref name="inner"/> is an expert's.</summary>
    public static ModelShape Create(string name, string title, int layers, int width, int heads, int keyHeads, int headDim, int experts,
        int used, int inner) =>
        new(name, title, "qwen3moe", layers, width)
        {
            Experts = experts,
            Keys = _ =>
            [
                ("context_length", 40960u), ("embedding_length", (uint)width), ("feed_forward_length", (uint)(inner * used)),
                    ("attention.head_count", (uint)heads),
            ("attention.head_count_kv", (uint)keyHeads), ("attention.key_length", (uint)headDim), ("attention.value_length", (uint)headDim),
                ("rope.freq_base", 1e6f),
            ("attention.layer_norm_rms_epsilon", 1e-6f), ("expert_count", (uint)experts), ("expert_used_count", (uint)used),
                ("expert_feed_forward_length", (uint)inner),
        ],
            Layer = (t, _, _) =>
            {
                t.BlindNorm("attn_norm");
                t.Matrix("attn_q", width, heads * headDim);
                t.Matrix("attn_k", width, keyHeads * headDim);
                t.FinerMatrix("attn_v", width, keyHeads * headDim);
                t.Norm("attn_q_norm", headDim);
                t.Norm("attn_k_norm", headDim);
                t.Matrix("attn_output", heads * headDim, width);
                t.Norm("ffn_norm", width);
                t.Experts(inner, experts);
            },
        };
}
