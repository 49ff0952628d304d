using LayerStream.Formats;

namespace LayerStream.Golden.Tests;

/// <summary>Ways to write the same model differently: what a file may say in several ways, or leave unsaid.</summary>
internal static class EquivalentForms
{
    private static readonly string[] s_perBlockKeys =
        ["feed_forward_length", "attention.head_count", "attention.head_count_kv", "expert_used_count", "expert_feed_forward_length"];

    internal static readonly Dictionary<string, Action<RewrittenModel>> All = new()
    {
        ["keys per block"] = PerBlock,
        ["wide keys"] = Widen,
        ["fused attention"] = m => FuseAttention(m, fusesBiases: true),
        ["fused attention, separate biases"] = m => FuseAttention(m, fusesBiases: false),
        ["split attention"] = SplitAttention,
        ["fused network"] = FuseNetwork,
        ["fused experts"] = FuseExperts,
        ["split experts"] = SplitExperts,
        ["scales"] = m => Scale(m, perExpert: true),
        ["one scale for all experts"] = m => Scale(m, perExpert: false),
        ["biases of zero"] = AddBiases,
        ["block to predict with"] = m => AddPredictionBlock(m, isCounted: true),
        ["no key lengths"] = m => Leave(m, "attention.key_length", "attention.value_length"),
        ["no expert keys"] = m => Leave(m, "expert_feed_forward_length", "expert_shared_count", "leading_dense_block_count"),
        ["no gating key"] = m => Leave(m, "expert_gating_func"),
        ["no kinds of layers"] = m => Leave(m, "attention.recurrent_layers", "attention.sliding_window_pattern", "rope.freq_base_swa"),
        ["factor without scaling"] = UnusedFactor,
        ["equal selection biases"] = AddSelectionBiases,
        ["predictor counted that is a layer"] = m => m.Keys[m.Key("nextn_predict_layers")] = 1,
        ["predictor not counted"] = m => AddPredictionBlock(m, isCounted: false),
        ["predictor counted and left out"] = LeavePredictor,
        ["tensors of other types"] = AddForeignTensors,
        ["factors by their other name"] = RenameFactors,
        ["trailing ones"] = AddTrailingOnes,
        ["one tensor per expert"] = SingleExperts,
        ["alignment 8"] = m => m.Alignment = 8,
        ["alignment 24"] = m => m.Alignment = 24,
        ["alignment 4096"] = m => m.Alignment = 4096,
        ["as mistral3"] = m => m.Rename("mistral3"),
        ["as granite"] = m => m.Rename("granite"),
    };

    private static void PerBlock(RewrittenModel model)
    {
        foreach (string key in s_perBlockKeys.Select(model.Key)
            .Where(k => model.Keys.TryGetValue(k, out object? value) && value is not Array))
        {
            model.Keys[key] = Enumerable.Repeat(Convert.ToInt32(model.Keys[key], null), model.Blocks).ToArray();
        }
    }

    private static void Widen(RewrittenModel model)
    {
        foreach (string key in model.Keys.Keys.Where(k => k.StartsWith(model.Architecture, StringComparison.Ordinal)).ToList())
        {
            model.Keys[key] = model.Keys[key] switch
            {
                uint value => (long)value,
                float value => (double)value,
                bool[] values => values.Select(v => v ? 1u : 0u).ToArray(),
                object other => other,
            };
        }
    }

    private static void FuseAttention(RewrittenModel model, bool fusesBiases)
    {
        foreach (string p in Prefixes(model, "attn_q.weight"))
        {
            model.Tensors[p + "attn_qkv.weight"] = Rows(["q", "k", "v"], c => model.Take($"{p}attn_{c}.weight"));
            if (fusesBiases && model.Tensors.ContainsKey(p + "attn_q.bias"))
            {
                model.Tensors[p + "attn_qkv.bias"] = Rows(["q", "k", "v"], c => model.Take($"{p}attn_{c}.bias"));
            }
        }
    }

    private static void SplitAttention(RewrittenModel model)
    {
        long heads = Convert.ToInt64(model.Keys[model.Key("attention.head_count")], null),
            kvHeads = Convert.ToInt64(model.Keys[model.Key("attention.head_count_kv")], null);
        foreach (string p in Prefixes(model, "attn_qkv.weight"))
        {
            RewrittenTensor fused = model.Take(p + "attn_qkv.weight");
            long dim = fused.Shape[1] / (heads + (2 * kvHeads)), row = 0;
            foreach ((string name, long count) in new[] { ("attn_q", heads * dim), ("attn_k", kvHeads * dim), ("attn_v", kvHeads * dim) })
            {
                model.Tensors[$"{p}{name}.weight"] = Slice(fused, 1, row, count);
                row += count;
            }
        }
    }

    private static void FuseNetwork(RewrittenModel model)
    {
        foreach (string suffix in new[] { "", "_shexp" })
        {
            foreach (string p in Prefixes(model, $"ffn_gate{suffix}.weight", mayBeNone: true))
            {
                model.Tensors[$"{p}ffn_up{suffix}.weight"] = Rows(["gate", "up"], c => model.Take($"{p}ffn_{c}{suffix}.weight"));
            }
        }
    }

    private static void FuseExperts(RewrittenModel model)
    {
        foreach (string p in Prefixes(model, "ffn_gate_exps.weight"))
        {
            model.Tensors[p + "ffn_gate_up_exps.weight"] = Interleave(model.Take(p + "ffn_gate_exps.weight"),
                model.Take(p + "ffn_up_exps.weight"));
            if (model.Tensors.ContainsKey(p + "ffn_gate_exps.bias"))
            {
                model.Tensors[p + "ffn_gate_up_exps.bias"] = Interleave(model.Take(p + "ffn_gate_exps.bias"),
                    model.Take(p + "ffn_up_exps.bias"));
            }
        }
    }

    private static void SplitExperts(RewrittenModel model)
    {
        foreach (string p in Prefixes(model, "ffn_gate_up_exps.weight"))
        {
            RewrittenTensor fused = model.Take(p + "ffn_gate_up_exps.weight");
            long[] half = [fused.Shape[0], fused.Shape[1] / 2, fused.Shape[2]];
            byte[][] pieces = [.. fused.Bytes.Chunk(fused.Bytes.Length / (int)(2 * fused.Shape[2]))];
            model.Tensors[p + "ffn_gate_exps.weight"] = new RewrittenTensor(fused.Type, half,
                [.. pieces.Where((_, i) => i % 2 == 0).SelectMany(b => b)]);
            model.Tensors[p + "ffn_up_exps.weight"] = new RewrittenTensor(fused.Type, half,
                [.. pieces.Where((_, i) => i % 2 == 1).SelectMany(b => b)]);
        }
    }

    /// <summary>Divides matrices by powers of two and says so beside them.</summary>
    private static void Scale(RewrittenModel model, bool perExpert)
    {
        foreach (string name in Projections(model))
        {
            RewrittenTensor tensor = model.Tensors[name + ".weight"];
            bool isStack = name.EndsWith("_exps", StringComparison.Ordinal) && perExpert;
            float[] scales = isStack ? [.. Enumerable.Range(0, (int)tensor.Shape[2]).Select(e => e % 2 == 0 ? 0.5f : 4)] : [2];
            if (!model.Tensors.ContainsKey(name + ".scale") && !name.EndsWith("ffn_gate_inp", StringComparison.Ordinal))
            {
                int length = tensor.Bytes.Length / scales.Length;
                model.Tensors[name + ".weight"] = tensor
                    with
                { Bytes = [.. scales.SelectMany((s, i) => Divided(tensor.Type, tensor.Bytes.AsSpan(i * length, length), s))] };
                model.Add(name + ".scale", [scales.Length], scales);
                model.Add(name + ".input_scale", [1], [0.125f]); // of no meaning here
            }
        }
    }

    private static byte[] Divided(TensorType type, ReadOnlySpan<byte> bytes, float by)
    {
        byte[] result = bytes.ToArray();
        for (int i = 0; i < result.Length; i += type == TensorType.F16 ? 2 : 4)
        {
            if (type == TensorType.F16)
            {
                BitConverter.TryWriteBytes(result.AsSpan(i), (Half)((float)BitConverter.ToHalf(bytes[i..]) / by));
            }
            else
            {
                BitConverter.TryWriteBytes(result.AsSpan(i), BitConverter.ToSingle(bytes[i..]) / by);
            }
        }

        return result;
    }

    private static void AddBiases(RewrittenModel model)
    {
        foreach (string name in Projections(model).Append("output"))
        {
            long[] shape = name == "output" ? [model.Tensors["token_embd.weight"].Shape[1]] : model.Tensors[name + ".weight"].Shape[1..];
            if (!model.Tensors.ContainsKey(name + ".bias") && !name.EndsWith("attn_k_b", StringComparison.Ordinal)
                && !name.EndsWith("attn_v_b", StringComparison.Ordinal))
            {
                model.Add(name + ".bias", shape, Enumerable.Repeat(0f, (int)shape.Aggregate(1L, (a, b) => a * b)));
            }
        }
    }

    private static void AddPredictionBlock(RewrittenModel model, bool isCounted)
    {
        int last = model.Blocks - 1;
        foreach ((string name, RewrittenTensor tensor) in model.Tensors.Where(t =>
            t.Key.StartsWith($"blk.{last}.", StringComparison.Ordinal)).ToList())
        {
            model.Tensors[name.Replace($"blk.{last}.", $"blk.{last + 1}.", StringComparison.Ordinal)] = tensor;
        }

        model.Add($"blk.{last + 1}.nextn.shared_head_norm.weight", [4], [1, 1, 1, 1]);
        model.Keys[model.Key("block_count")] = last + 2;
        if (isCounted)
        {
            model.Keys[model.Key("nextn_predict_layers")] = 1;
        }

        if (model.Keys.TryGetValue(model.Key("attention.recurrent_layers"), out object? kinds))
        {
            model.Keys[model.Key("attention.recurrent_layers")] = ((bool[])kinds).Append(false).ToArray();
        }
    }

    private static void LeavePredictor(RewrittenModel model)
    {
        AddPredictionBlock(model, isCounted: true);
        foreach (string name in model.Tensors.Keys.Where(n => n.StartsWith($"blk.{model.Blocks - 1}.", StringComparison.Ordinal)).ToList())
        {
            model.Take(name);
        }
    }

    private static void AddForeignTensors(RewrittenModel model)
    {
        model.Tensors["aux.id_map"] = new RewrittenTensor(TensorType.I32, [64], new byte[256]);
        model.Tensors["aux.long_map"] = new RewrittenTensor(TensorType.I64, [8], new byte[64]);
        model.Tensors["aux.small"] = new RewrittenTensor(TensorType.I8, [33], new byte[33]);
        model.Tensors["blk.0.aux.q8_1"] = new RewrittenTensor(TensorType.Q8_1, [32], new byte[36]);
    }

    private static void RenameFactors(RewrittenModel model)
    {
        Scale(model, perExpert: true);
        foreach (string name in model.Tensors.Keys.Where(n => n.EndsWith(".scale", StringComparison.Ordinal)
            && !n.EndsWith("_inp.scale", StringComparison.Ordinal)).ToList())
        {
            model.Tensors[name.Replace(".scale", ".weight.scale", StringComparison.Ordinal)] = model.Take(name);
        }
    }

    private static void AddTrailingOnes(RewrittenModel model)
    {
        foreach ((string name, RewrittenTensor tensor) in model.Tensors.ToList())
        {
            model.Tensors[name] = tensor with { Shape = [.. tensor.Shape, .. Enumerable.Repeat(1L, 4 - tensor.Shape.Length)] };
        }
    }

    private static void SingleExperts(RewrittenModel model)
    {
        foreach (string name in model.Tensors.Keys.Where(n => n.EndsWith("_exps.weight", StringComparison.Ordinal)).ToList())
        {
            RewrittenTensor stack = model.Take(name);
            int experts = (int)stack.Shape[2], length = stack.Bytes.Length / experts;
            for (int e = 0; e < experts; e++)
            {
                string single = name.Replace("_exps.weight", $".{e}.weight", StringComparison.Ordinal);
                model.Tensors[single] = new RewrittenTensor(stack.Type, stack.Shape[..2], stack.Bytes[(e * length)..((e + 1) * length)]);
            }
        }
    }

    private static void Leave(RewrittenModel model, params string[] keys)
    {
        if (keys.Count(k => model.Keys.Remove(model.Key(k))) == 0)
        {
            throw new ArgumentException("the case has none of the keys", nameof(keys));
        }
    }

    private static void UnusedFactor(RewrittenModel model)
    {
        model.Keys[model.Key("rope.scaling.type")] = "none";
        model.Keys[model.Key("rope.scaling.factor")] = 4f;
    }

    private static void AddSelectionBiases(RewrittenModel model)
    {
        foreach (string p in Prefixes(model, "ffn_gate_inp.weight"))
        {
            long experts = model.Tensors[p + "ffn_gate_inp.weight"].Shape[1];
            model.Add(p + "exp_probs_b.bias", [experts], Enumerable.Repeat(0.75f, (int)experts));
        }
    }

    /// <summary>Prefixes of the blocks that have a tensor.</summary>
    private static List<string> Prefixes(RewrittenModel model, string tensor, bool mayBeNone = false)
    {
        List<string> found = [.. Enumerable.Range(0, model.Blocks).Select(i => $"blk.{i}.")
            .Where(p => model.Tensors.ContainsKey(p + tensor))];
        found.RemoveAll(p => tensor == "attn_q.weight" && !model.Tensors.ContainsKey(p + "attn_v.weight"));
        return found.Count > 0 || mayBeNone ? found : throw new ArgumentException($"no block has {tensor}", nameof(tensor));
    }

    /// <summary>Names, without their ending, of what rows are multiplied by.</summary>
    private static List<string> Projections(RewrittenModel model) =>
    [
        .. model.Tensors.Where(t => t.Key.EndsWith(".weight", StringComparison.Ordinal) && t.Value.Shape.Length > 1)
        .Select(t => t.Key[..^".weight".Length])
            .Where(n => !n.Contains("token_embd", StringComparison.Ordinal) && !n.EndsWith("ssm_conv1d", StringComparison.Ordinal)
            && !n.EndsWith("_inp_shexp", StringComparison.Ordinal)),
    ];

    /// <summary>Puts the rows of tensors one after the other.</summary>
    private static RewrittenTensor Rows(string[] names, Func<string, RewrittenTensor> take)
    {
        RewrittenTensor[] parts = [.. names.Select(take)];
        long[] shape = [.. parts[0].Shape[..^1], parts.Sum(t => t.Shape[^1])];
        return new RewrittenTensor(parts[0].Type, shape, [.. parts.SelectMany(t => t.Bytes)]);
    }

    private static RewrittenTensor Slice(RewrittenTensor tensor, int dimension, long first, long count)
    {
        int one = tensor.Bytes.Length / (int)tensor.Shape[dimension];
        return new RewrittenTensor(tensor.Type, [tensor.Shape[0], count], tensor.Bytes[(int)(first * one)..(int)((first + count) * one)]);
    }

    /// <summary>Expert by expert, the rows of the first, then those of the second.</summary>
    private static RewrittenTensor Interleave(RewrittenTensor gate, RewrittenTensor up)
    {
        int experts = (int)gate.Shape[^1];
        long[] shape = [.. gate.Shape];
        shape[^2] *= 2;
        IEnumerable<byte[]> gates = gate.Bytes.Chunk(gate.Bytes.Length / experts), ups = up.Bytes.Chunk(up.Bytes.Length / experts);
        return new RewrittenTensor(gate.Type, shape, [.. gates.Zip(ups).SelectMany(p => p.First.Concat(p.Second))]);
    }
}
