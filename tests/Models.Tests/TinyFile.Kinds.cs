namespace LayerStream.Models.Tests;

/// <summary>Delta nets, latent attention and experts in place of what the layers have.</summary>
internal sealed partial class TinyFile
{
    private const int Experts = 4;
    private const int Latent = 16;
    private const int LatentRope = 4;
    private const int Rank = 8;
    private const int KeyHeads = 2;
    private const int ValueHeads = 4;
    private const int StateDim = 8;
    private const int Taps = 4;

    private void AddKinds(Architectures.Architecture row, bool hasExperts)
    {
        if (row.HasLatentAttention)
        {
            AddLatentAttention();
        }

        if (row.DeltaNet is { } map)
        {
            AddDeltaNet(map == Kernels.Ops.DeltaHeadMap.Grouped);
        }

        if (hasExperts)
        {
            AddExperts(row.Experts!.HasParallelNetwork);
        }
    }

    private void AddKeys(params (string Key, uint Value)[] keys)
    {
        foreach ((string key, uint value) in keys)
        {
            Keys[key] = value;
        }
    }

    private void AddTensors(string prefix, params (string Name, long[] Shape)[] tensors)
    {
        foreach ((string name, long[] shape) in tensors)
        {
            Tensors[prefix + name] = shape;
        }
    }

    private void AddLatentAttention()
    {
        AddKeys(
            ("attention.kv_lora_rank", Latent), ("attention.q_lora_rank", Rank), ("attention.key_length_mla", HeadDim),
                ("attention.value_length_mla", HeadDim),
            ("attention.temperature_length", 32), ("rope.dimension_count", LatentRope));
        Tensors["rope_freqs.weight"] = [LatentRope / 2];
        for (int i = 0; i < 2; i++)
        {
            string p = $"blk.{i}.";
            Array.ForEach(["attn_q", "attn_k", "attn_v"], n => Tensors.Remove($"{p}{n}.weight"));
            AddTensors(
                p, ("attn_q_a.weight", [Width, Rank]), ("attn_q_a_norm.weight", [Rank]), ("attn_q_b.weight", [Rank, Heads * HeadDim]),
                ("attn_kv_a_mqa.weight", [Width, Latent + LatentRope]), ("attn_kv_a_norm.weight", [Latent]),
                    ("attn_k_b.weight", [HeadDim - LatentRope, Latent, Heads]),
                ("attn_v_b.weight", [Latent, HeadDim, Heads]));
        }
    }

    private void AddDeltaNet(bool isGrouped)
    {
        const int Values = ValueHeads * StateDim, Channels = (2 * KeyHeads * StateDim) + Values;
        AddKeys(
            ("ssm.conv_kernel", Taps), ("ssm.state_size", StateDim), ("ssm.group_count", KeyHeads), ("ssm.time_step_rank", ValueHeads),
                ("ssm.inner_size", Values),
            ("full_attention_interval", 2));
        Keys["attention.recurrent_layers"] = new[] { true, false };
        Tensors["blk.1.attn_q.weight"] = [Width, 2 * Heads * HeadDim];
        Array.ForEach(["attn_q", "attn_k", "attn_v", "attn_output", "attn_q_norm", "attn_k_norm"],
            n => Tensors.Remove($"blk.0.{n}.weight"));
        AddTensors(
            "blk.0.", ("attn_qkv.weight", [Width, Channels]), ("attn_gate.weight", [Width, Values]),
                ("ssm_conv1d.weight", [Taps, Channels]), ("ssm_a", [ValueHeads]),
            ("ssm_dt.bias", [ValueHeads]), ("ssm_norm.weight", [StateDim]), ("ssm_out.weight", [Values, Width]));
        if (isGrouped)
        {
            AddTensors("blk.0.", ("ssm_ba.weight", [Width, 2 * ValueHeads]));
        }
        else
        {
            AddTensors("blk.0.", ("ssm_beta.weight", [Width, ValueHeads]), ("ssm_alpha.weight", [Width, ValueHeads]));
        }
    }

    private void AddExperts(bool isParallel)
    {
        AddKeys(("expert_count", Experts), ("expert_used_count", 2), ("expert_group_count", 2), ("expert_group_used_count", 1),
            ("expert_gating_func", 2));
        Keys["expert_weights_scale"] = 2.5f;
        Keys["expert_weights_norm"] = true;
        for (int i = 0; i < 2; i++)
        {
            string p = $"blk.{i}.";
            AddTensors(
                p, ("ffn_gate_inp.weight", [Width, Experts]), ("exp_probs_b.bias", [Experts]),
                    ("ffn_gate_exps.weight", [Width, FfnWidth, Experts]),
                ("ffn_up_exps.weight", [Width, FfnWidth, Experts]), ("ffn_down_exps.weight", [FfnWidth, Width, Experts]),
                    ("ffn_down_exps.scale", [Experts]));
            if (isParallel)
            {
                AddTensors(
                    p, ("ffn_gate_inp.scale", [Width]), ("post_ffw_norm_1.weight", [Width]), ("pre_ffw_norm_2.weight", [Width]),
                        ("post_ffw_norm_2.weight", [Width]));
                continue;
            }

            Array.ForEach(["ffn_gate", "ffn_up", "ffn_down"], n => Tensors.Remove($"{p}{n}.weight"));
            AddTensors(
                p, ("ffn_gate_shexp.weight", [Width, FfnWidth]), ("ffn_up_shexp.weight", [Width, FfnWidth]),
                    ("ffn_down_shexp.weight", [FfnWidth, Width]),
                ("ffn_gate_inp_shexp.weight", [Width]));
        }
    }
}
