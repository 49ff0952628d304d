namespace LayerStream.Models.Synthesis.Shapes;

/// <summary>Qwen3.5 with experts: three delta nets, then one attention. Source: the published configurations.</summary>
public static class Qwen35MoeShapes
{
    private const int Interval = 4;
    private const int Taps = 4;

    internal static readonly ModelShape[] Rows =
    [
        Create("qwen35-35b-a3b", "Qwen3.5-35B-A3B", 40, 2048, new Qwen35Mixers(16, 2, 256, 16, 32, 128), 256, 8, 512),
        Create("qwen35-397b-a17b", "Qwen3.5-397B-A17B", 60, 4096, new Qwen35Mixers(32, 2, 256, 16, 64, 128), 512, 10, 1024),
    ];

    /// <summary>A shape of the family; <paramref name="inner"/> is an expert's.</summary>
    public static ModelShape Create(string name, string title, int layers, int width, Qwen35Mixers mixers, int experts, int used,
        int inner) =>
        new(name, title, "qwen35moe", layers, width)
        {
            Experts = experts,
            Keys = _ => Keys(width, mixers, experts, used, inner),
            Layer = (t, layer, _) =>
            {
                t.BlindNorm("attn_norm");
                if (layer % Interval == Interval - 1)
                {
                    AddAttention(t, width, mixers);
                }
                else
                {
                    AddDeltaNet(t, width, mixers);
                }

                t.Norm("post_attention_norm", width);
                t.Experts(inner, experts);
                t.Dense(inner, "_shexp");
                t.Normal("ffn_gate_inp_shexp.weight", 0, 1 / Math.Sqrt(width), width);
            },
        };

    private static IEnumerable<(string Key, object Value)> Keys(int width, Qwen35Mixers m, int experts, int used, int inner) =>
    [
        ("context_length", 262144u), ("embedding_length", (uint)width), ("attention.head_count", (uint)m.Heads),
            ("attention.head_count_kv", (uint)m.KeyHeads),
        ("attention.key_length", (uint)m.HeadDim), ("attention.value_length", (uint)m.HeadDim), ("rope.freq_base", 1e7f),
            ("attention.layer_norm_rms_epsilon", 1e-6f),
        ("rope.dimension_count", (uint)(m.HeadDim / 4)), ("rope.dimension_sections", new[] { 11, 11, 10, 0 }),
            ("expert_count", (uint)experts), ("expert_used_count", (uint)used),
        ("expert_feed_forward_length", (uint)inner), ("expert_shared_feed_forward_length", (uint)inner), ("ssm.conv_kernel", (uint)Taps),
            ("ssm.state_size", (uint)m.DeltaDim),
        ("ssm.group_count", (uint)m.DeltaKeyHeads), ("ssm.time_step_rank", (uint)m.DeltaValueHeads),
            ("ssm.inner_size", (uint)(m.DeltaValueHeads * m.DeltaDim)),
        ("full_attention_interval", (uint)Interval),
    ];

    private static void AddAttention(TensorList t, int width, Qwen35Mixers m)
    {
        t.Matrix("attn_q", width, 2 * m.Heads * m.HeadDim);
        t.Matrix("attn_k", width, m.KeyHeads * m.HeadDim);
        t.FinerMatrix("attn_v", width, m.KeyHeads * m.HeadDim);
        t.Norm("attn_q_norm", m.HeadDim);
        t.Norm("attn_k_norm", m.HeadDim);
        t.Matrix("attn_output", m.Heads * m.HeadDim, width);
    }

    private static void AddDeltaNet(TensorList t, int width, Qwen35Mixers m)
    {
        int values = m.DeltaValueHeads * m.DeltaDim, channels = (2 * m.DeltaKeyHeads * m.DeltaDim) + values;
        t.Matrix("attn_qkv", width, channels);
        t.Matrix("attn_gate", width, values);
        t.ByteMatrix("ssm_alpha", width, m.DeltaValueHeads);
        t.ByteMatrix("ssm_beta", width, m.DeltaValueHeads);
        t.Uniform("ssm_a", -1, -0.05, m.DeltaValueHeads);
        t.Normal("ssm_dt.bias", 0, 0.5, m.DeltaValueHeads);
        t.Normal("ssm_conv1d.weight", 0, 1 / Math.Sqrt(Taps), Taps, channels);
        t.Norm("ssm_norm", m.DeltaDim);
        t.Matrix("ssm_out", values, width);
    }
}

/// <summary>Heads of the two kinds of mixers.</summary>
/// <param name="Heads">Query heads of attention.</param>
/// <param name="KeyHeads">Key and value heads of attention.</param>
/// <param name="HeadDim">Values per head of attention.</param>
/// <param name="DeltaKeyHeads">Key heads of the delta net.</param>
/// <param name="DeltaValueHeads">Value heads of the delta net.</param>
/// <param name="DeltaDim">Values per head of the delta net.</param>
public sealed record Qwen35Mixers(int Heads, int KeyHeads, int HeadDim, int DeltaKeyHeads, int DeltaValueHeads, int DeltaDim);
