namespace LayerStream.Models.Synthesis.Shapes;

/// <summary>Llama 3.x. Source: the published configurations.</summary>
public static class LlamaShapes
{
    private const double RopeBase = 500000;

    internal static readonly ModelShape[] Rows =
    [
        Create("llama-1b", "Llama-3.2-1B", 16, 2048, 32, 8, 64, 8192),
        Create("llama-8b", "Llama-3.1-8B", 32, 4096, 32, 8, 128, 14336),
        Create("llama-70b", "Llama-3.3-70B", 80, 8192, 64, 8, 128, 28672),
        Create("llama-405b", "Llama-3.1-405B", 126, 16384, 128, 8, 128, 53248),
    ];

    /// <summary>A shape of the family.</summary>
    public static ModelShape Create(string name, string title, int layers, int width, int heads, int keyHeads, int headDim, int inner) =>
        new(name, title, "llama", layers, width)
        {
            Keys = _ =>
            [
                ("context_length", 131072u), ("embedding_length", (uint)width), ("feed_forward_length", (uint)inner),
                ("attention.head_count", (uint)heads),
            ("attention.head_count_kv", (uint)keyHeads), ("rope.dimension_count", (uint)headDim), ("rope.freq_base", (float)RopeBase),
                ("attention.layer_norm_rms_epsilon", 1e-5f),
        ],
            Globals = t => t.RopeFactors(RopeBase, headDim / 2),
            Layer = (t, _, _) =>
            {
                t.BlindNorm("attn_norm");
                t.Matrix("attn_q", width, heads * headDim);
                t.Matrix("attn_k", width, keyHeads * headDim);
                t.FinerMatrix("attn_v", width, keyHeads * headDim);
                t.Matrix("attn_output", heads * headDim, width);
                t.Norm("ffn_norm", width);
                t.Dense(inner);
            },
        };
}
