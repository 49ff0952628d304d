using LayerStream.Formats;
using Pair = LayerStream.Fuzz.GgufImage.Pair;
using Row = LayerStream.Fuzz.GgufImage.Row;

namespace LayerStream.Fuzz;

/// <summary>Damages an image in a few places, each chosen from a table; the same seed gives the same file.</summary>
internal sealed class Mutator(Random random)
{
    private static readonly long[] s_numbers =
    [
        0, 1, 2, 3, 5, 7, 8, 15, 31, 32, 33, 63, 64, 100, 127, 128, 255, 256, 512, 1000, 1024, 4096, 8191, 65535, 65536, 1 << 20, 1 << 24,
            (1 << 24) + 1,
        int.MaxValue - 1, int.MaxValue, uint.MaxValue, 1L << 32, 1L << 40, 1L << 61, long.MaxValue, -1, -2, -32, int.MinValue,
            long.MinValue,
    ];

    private static readonly float[] s_reals = [0, -0f, 1, -1, 1e-45f, 1e-6f, 1e38f, -1e38f, float.NaN, float.PositiveInfinity,
        float.NegativeInfinity, 0.5f, 1000];

    private static readonly string[] s_texts =
    [
        "", "llama", "qwen2", "qwen3", "gemma3", "mixtral", "deepseek2", "gpt-oss", "phi3", "yarn", "linear", "none", "longrope", "llama3",
            "gpt2", "bert", "t5", "rwkv", "replit",
        "default", "llama-bpe", "qwen35", "\0", "\uFFFD", "a\nb", "{% for x in y %}", "{{ raise_exception('x') }}", "model", "adapter",
            "mmproj", "😀",
    ];

    // Written after the architecture's name: keys that builders of any family may read.
    private static readonly string[] s_suffixes =
    [
        "block_count", "embedding_length", "context_length", "feed_forward_length", "vocab_size", "attention.head_count",
            "attention.head_count_kv", "attention.key_length",
        "attention.value_length", "attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon", "attention.sliding_window",
            "attention.sliding_window_pattern", "attention.scale",
        "attention.causal", "attention.q_lora_rank", "attention.kv_lora_rank", "attention.key_length_mla", "attention.value_length_mla",
            "attention.temperature_length",
        "attention.temperature_scale", "attention.shared_kv_layers", "attn_logit_softcapping", "final_logit_softcapping",
            "rope.dimension_count", "rope.dimension_sections",
        "rope.freq_base", "rope.freq_base_swa", "rope.scale_linear", "rope.scaling.type", "rope.scaling.factor",
            "rope.scaling.original_context_length", "rope.scaling.attn_factor",
        "rope.scaling.yarn_log_multiplier", "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_beta_slow", "rope.scaling.yarn_ext_factor",
            "expert_count", "expert_used_count",
        "expert_shared_count", "expert_feed_forward_length", "expert_shared_feed_forward_length", "expert_weights_scale",
            "expert_weights_norm", "expert_gating_func",
        "expert_group_count", "expert_group_used_count", "leading_dense_block_count", "nextn_predict_layers", "interleave_moe_layer_step",
            "full_attention_interval",
        "ssm.conv_kernel", "ssm.inner_size", "ssm.state_size", "ssm.time_step_rank", "ssm.group_count", "use_parallel_residual",
            "embedding_scale", "residual_scale", "logit_scale",
        "embedding_length_per_layer_input", "activation.sparsity_scale", "tensor_data_layout", "pooling_type",
    ];

    private static readonly Action<Mutator, GgufImage>[] s_steps =
    [
        (m, g) => m.ChangeNumber(g), (m, g) => m.ChangeNumber(g), (m, g) => m.ChangeNumber(g), (m, g) => m.ChangeType(g),
            (m, g) => m.MakeArray(g), (m, g) => m.MakeArray(g),
        (m, g) => m.RemoveKey(g), (m, g) => m.RepeatKey(g), (m, g) => m.SwapKeys(g), (m, g) => m.ChangeText(g), (m, g) => m.ChangeLength(g),
            (m, g) => m.AddKey(g), (m, g) => m.AddKey(g),
        (m, g) => m.ChangeShape(g), (m, g) => m.ChangeShape(g), (m, g) => m.ChangeTensorType(g), (m, g) => m.ChangeOffset(g),
            (m, g) => m.RemoveTensor(g), (m, g) => m.RepeatTensor(g),
        (m, g) => m.SwapTensors(g), (m, g) => m.ChangeHeader(g), (m, g) => m.ChangeData(g),
    ];

    /// <summary>The image damaged in one to three places, and in a third of the cases its bytes as well.</summary>
    internal byte[] Mutate(GgufImage sound)
    {
        GgufImage image = sound.Clone();
        for (int n = random.Next(1, 4); n > 0; n--)
        {
            Any(s_steps)(this, image);
        }

        byte[] file = image.Write();
        return random.Next(3) == 0 ? ChangeBytes(file, file.Length - image.Data.Length) : file;
    }

    private T Any<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];

    /// <summary>Mostly a hyper-parameter; -1 when the image has no keys.</summary>
    private int AnyKey(GgufImage image)
    {
        int[] parameters = [.. Enumerable.Range(0, image.Keys.Count)
            .Where(i => !image.Keys[i].Key.StartsWith("general.", StringComparison.Ordinal)
            && !image.Keys[i].Key.StartsWith("tokenizer.", StringComparison.Ordinal))];
        return parameters.Length > 0 && random.Next(3) > 0 ? Any(parameters) : image.Keys.Count == 0 ? -1 : random.Next(image.Keys.Count);
    }

    private void Change(GgufImage image, Func<Pair, Pair> change)
    {
        int i = AnyKey(image);
        if (i >= 0)
        {
            image.Keys[i] = change(image.Keys[i]);
        }
    }

    private void ChangeTensor(GgufImage image, Func<Row, Row> change)
    {
        if (image.Tensors.Count > 0)
        {
            int i = random.Next(image.Tensors.Count);
            image.Tensors[i] = change(image.Tensors[i]);
        }
    }

    private object Number() => random.Next(8) switch
    {
        0 => Any(s_reals),
        1 => (double)Any(s_reals),
        2 => (int)Any(s_numbers),
        3 => Any(s_numbers),
        4 => (ushort)Any(s_numbers),
        5 => random.Next(2) == 0,
        _ => (uint)Any(s_numbers),
    };

    private void ChangeNumber(GgufImage image) => Change(image, p => p.Type is 4 or 5
        ? Pair.Of(p.Key, (uint)Any(s_numbers))
        : p.Type == 6 ? Pair.Of(p.Key, Any(s_reals)) : Pair.Of(p.Key, Number()));

    private void ChangeType(GgufImage image) => Change(image, p => p with { Type = random.Next(-1, 15) });

    private void MakeArray(GgufImage image)
    {
        int layers = 1 + image.Tensors.Count(t => t.Name.EndsWith("attn_norm.weight", StringComparison.Ordinal)) - random.Next(3);
        int count = random.Next(3) == 0 ? random.Next(5) : Math.Max(0, layers);
        Change(image, p => Pair.Of(p.Key, random.Next(6) switch
        {
            0 => Enumerable.Range(0, count).Select(_ => Any(s_texts)).ToArray(),
            1 => Enumerable.Range(0, count).Select(_ => Any(s_reals)).ToArray(),
            2 => Enumerable.Range(0, count).Select(_ => random.Next(2) == 0).ToArray(),
            3 => Enumerable.Range(0, count).Select(_ => Any(s_numbers)).ToArray(),
            4 => Enumerable.Range(0, count).Select(_ => (int)Any(s_numbers)).ToArray(),
            _ => Enumerable.Range(0, count).Select(_ => (uint)Any(s_numbers)).ToArray(),
        }));
    }

    private void RemoveKey(GgufImage image)
    {
        if (AnyKey(image) is >= 0 and int i)
        {
            image.Keys.RemoveAt(i);
        }
    }

    private void RepeatKey(GgufImage image)
    {
        if (AnyKey(image) is >= 0 and int i)
        {
            image.Keys.Insert(random.Next(image.Keys.Count),
                random.Next(2) == 0 ? image.Keys[i] : image.Keys[i] with { Key = image.Keys[i].Key + "2" });
        }
    }

    private void SwapKeys(GgufImage image)
    {
        if (image.Keys.Count > 0)
        {
            (int a, int b) = (AnyKey(image), AnyKey(image));
            (image.Keys[a], image.Keys[b]) = (image.Keys[a] with { Key = image.Keys[b].Key },
                image.Keys[b] with { Key = image.Keys[a].Key });
        }
    }

    private void ChangeText(GgufImage image)
    {
        int[] texts = [.. Enumerable.Range(0, image.Keys.Count).Where(i => image.Keys[i].Type == 8)];
        if (texts.Length > 0)
        {
            int i = Any(texts);
            image.Keys[i] = Pair.Of(image.Keys[i].Key, random.Next(8) == 0 ? new string('x', random.Next(100_000)) : Any(s_texts));
        }
    }

    /// <summary>Element type or count of an array, or the length of a text.</summary>
    private void ChangeLength(GgufImage image) => Change(image, p =>
    {
        const int lengthEnd = 12; // an array's element type and count
        byte[] value = [.. p.Value];
        if (value.Length < lengthEnd)
        {
            return p;
        }

        if (p.Type == GgufImage.ArrayType && random.Next(2) == 0)
        {
            BitConverter.TryWriteBytes(value, random.Next(-1, 15));
        }
        else if (p.Type is 8 or GgufImage.ArrayType)
        {
            BitConverter.TryWriteBytes(value.AsSpan(p.Type == 8 ? 0 : 4),
                random.Next(2) == 0 ? Any(s_numbers) : BitConverter.ToInt64(value, p.Type == 8 ? 0 : 4) + random.Next(-2, 3));
        }

        return p with { Value = value };
    });

    private void AddKey(GgufImage image)
    {
        string? first = image.Keys.Select(k => k.Key).FirstOrDefault(k => k.EndsWith(".block_count", StringComparison.Ordinal));
        string key = (first is null ? Any(s_texts) : first[..^".block_count".Length]) + "." + Any(s_suffixes);
        image.Keys.RemoveAll(k => k.Key == key);
        image.Keys.Add(Pair.Of(key, random.Next(5) == 0 ? Any(s_texts) : Number()));
    }

    private void ChangeShape(GgufImage image) => ChangeTensor(image, t =>
    {
        long[] shape = random.Next(5) switch
        {
            0 => [.. t.Shape.Reverse()],
            1 => [.. t.Shape, Any(s_numbers)],
            2 when t.Shape.Length > 0 => t.Shape[..^1],
            3 => [.. t.Shape.Select(n => Math.Max(1, n / 2))],
            _ => t.Shape,
        };
        if (shape.Length > 0 && random.Next(2) == 0)
        {
            shape[random.Next(shape.Length)] = Any(s_numbers);
        }

        return t with { Shape = shape, Dimensions = random.Next(16) == 0 ? (uint)random.Next(7) : null };
    });

    private void ChangeTensorType(GgufImage image) => ChangeTensor(image, t => t with
    {
        Type = random.Next(4) == 0 ? random.Next(-1, 50) : (int)Any(TensorTypes.All).Type,
    });

    private void ChangeOffset(GgufImage image) => ChangeTensor(image, t => t with
    {
        Offset = random.Next(3) == 0 ? Any(s_numbers) : t.Offset + (random.Next(-3, 4) * 32),
    });

    private void RemoveTensor(GgufImage image)
    {
        if (image.Tensors.Count > 0)
        {
            image.Tensors.RemoveAt(random.Next(image.Tensors.Count));
        }
    }

    private void RepeatTensor(GgufImage image)
    {
        if (image.Tensors.Count > 0)
        {
            Row row = Any(image.Tensors);
            string[] names = [row.Name, row.Name.Replace("weight", "bias", StringComparison.Ordinal), row.Name + "2", "rope_freqs.weight",
                "output.bias", "blk.0.ffn_gate_inp.weight", "blk.0.attn_qkv.weight"];
            image.Tensors.Add(row with { Name = Any(names), Offset = random.Next(2) == 0 ? row.Offset : image.Data.Length });
            image.Data = [.. image.Data, .. new byte[512]];
        }
    }

    private void SwapTensors(GgufImage image)
    {
        if (image.Tensors.Count > 0)
        {
            (int a, int b) = (random.Next(image.Tensors.Count), random.Next(image.Tensors.Count));
            (image.Tensors[a], image.Tensors[b]) = random.Next(2) == 0
                ? (image.Tensors[a] with { Name = image.Tensors[b].Name }, image.Tensors[b] with { Name = image.Tensors[a].Name })
                : (image.Tensors[b], image.Tensors[a]);
        }
    }

    private void ChangeHeader(GgufImage image)
    {
        switch (random.Next(4))
        {
            case 0: image.Version = (uint)random.Next(6); break;
            case 1: image.KeyCount = random.Next(2) == 0 ? Any(s_numbers) : image.Keys.Count + random.Next(-2, 3); break;
            case 2: image.TensorCount = random.Next(2) == 0 ? Any(s_numbers) : image.Tensors.Count + random.Next(-2, 3); break;
            default:
                image.Keys.Insert(0, Pair.Of("general.alignment", random.Next(2) == 0 ? (uint)Any(s_numbers) : 1u << random.Next(32)));
                break;
        }
    }

    private void ChangeData(GgufImage image)
    {
        byte[] data = [.. image.Data];
        if (data.Length > 0)
        {
            int at = random.Next(data.Length), count = Math.Min(data.Length - at, random.Next(1, 4096));
            data.AsSpan(at, count).Fill((byte)(random.Next(3) switch { 0 => 0xFF, 1 => 0x7C, _ => random.Next(256) }));
            image.Data = data;
        }
    }

    private byte[] ChangeBytes(byte[] file, int headLength)
    {
        int at = random.Next(Math.Max(1, random.Next(4) > 0 ? Math.Min(headLength, file.Length) - 8 : file.Length - 8));
        switch (random.Next(6))
        {
            case 0: file[at] ^= (byte)(1 << random.Next(8)); return file;
            case 1: BitConverter.TryWriteBytes(file.AsSpan(at), Any(s_numbers)); return file;
            case 2: BitConverter.TryWriteBytes(file.AsSpan(at), (int)Any(s_numbers)); return file;
            case 3: return [.. file[..at], .. file[(at + random.Next(1, 9))..]];
            case 4: return [.. file[..at], (byte)random.Next(256), .. file[at..]];
            default: return file[..at];
        }
    }
}
