using LayerStream.Formats;
using LayerStream.Formats.Tests;
using LayerStream.Models.Architectures;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Tests;

/// <summary>Keys and tensors of a file of two layers, to be changed before it is written; all weights are zero.</summary>
internal sealed partial class TinyFile
{
    internal const int Width = 32;
    internal const int Vocabulary = 8;
    internal const int FfnWidth = 16;
    private const int Heads = 4;
    private const int KvHeads = 2;
    private const int HeadDim = 8;

    internal TinyFile(string architecture, bool hasExperts = false)
    {
        Architecture = architecture;
        AddKeys();
        Tensors["token_embd.weight"] = [Width, Vocabulary];
        Tensors["output_norm.weight"] = [Width];
        Tensors["rope_freqs.weight"] = [HeadDim / 2];
        Architectures.Architecture row = ArchitectureTable.Find(architecture)!;
        for (int i = 0; i < 2; i++)
        {
            AddLayer($"blk.{i}.", row);
        }

        AddKinds(row, hasExperts);
    }

    internal string Architecture { get; }

    /// <summary>Without the prefix of the architecture.</summary>
    internal Dictionary<string, object> Keys { get; } = [];

    internal Dictionary<string, long[]> Tensors { get; } = [];

    /// <summary>Types other than F32.</summary>
    internal Dictionary<string, TensorType> Types { get; } = [];

    internal GgufModel Open()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".gguf");
        GgufBuilder builder = new GgufBuilder().Key("general.architecture", Architecture);
        foreach ((string key, object value) in Keys)
        {
            builder.Key(Architecture + "." + key, value);
        }

        foreach ((string name, long[] shape) in Tensors)
        {
            builder.Tensor(name, shape, (int)Types.GetValueOrDefault(name, TensorType.F32));
        }

        File.WriteAllBytes(path, builder.Build());
        try
        {
            return GgufModel.Open(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private void AddKeys()
    {
        (string, uint)[] integers =
        [
            ("block_count", 2), ("context_length", 64), ("embedding_length", Width), ("feed_forward_length", FfnWidth),
                ("attention.head_count", Heads),
            ("attention.head_count_kv", KvHeads), ("attention.key_length", HeadDim), ("attention.value_length", HeadDim),
                ("attention.key_length_swa", HeadDim),
            ("attention.value_length_swa", HeadDim), ("attention.sliding_window", 4), ("attention.shared_kv_layers", 0),
                ("rope.dimension_count", HeadDim),
            ("rope.dimension_count_swa", HeadDim), ("rope.scaling.original_context_length", 32), ("embedding_length_per_layer_input", 0),
                ("nextn_predict_layers", 0),
        ];
        (string, float)[] numbers =
        [
            ("attention.layer_norm_rms_epsilon", 1e-6f), ("attention.scale", 0.5f), ("attention.temperature_scale", 0.5f),
                ("rope.freq_base", 10000), ("rope.freq_base_swa", 10000),
            ("rope.scaling.factor", 4), ("rope.scaling.yarn_beta_fast", 32), ("rope.scaling.yarn_beta_slow", 1),
                ("rope.scaling.yarn_log_multiplier", 1),
            ("embedding_scale", 2), ("residual_scale", 0.5f), ("logit_scale", 2), ("final_logit_softcapping", 30),
        ];
        foreach ((string key, uint value) in integers)
        {
            Keys[key] = value;
        }

        foreach ((string key, float value) in numbers)
        {
            Keys[key] = value;
        }

        Keys["rope.scaling.type"] = "yarn";
        Keys["rope.scaling.finetuned"] = true;
        Keys["attention.sliding_window_pattern"] = new[] { true, false };
    }

    private void AddLayer(string p, Architectures.Architecture row)
    {
        (string, long[])[] tensors =
        [
            ("attn_norm", [Width]), ("post_attention_norm", [Width]), ("ffn_norm", [Width]), ("post_ffw_norm", [Width]),
            ("attn_q", [Width, Heads * HeadDim]), ("attn_k", [Width, KvHeads * HeadDim]), ("attn_v", [Width, KvHeads * HeadDim]),
                ("attn_output", [Heads * HeadDim, Width]),
            ("attn_q_norm", [row.QkNorm == QkNorm.Row ? Heads * HeadDim : HeadDim]),
                ("attn_k_norm", [row.QkNorm == QkNorm.Row ? KvHeads * HeadDim : HeadDim]),
            ("ffn_gate", [Width, FfnWidth]), ("ffn_up", [Width, FfnWidth]), ("ffn_down", [FfnWidth, Width]), ("layer_output_scale", [1]),
        ];
        foreach ((string name, long[] shape) in tensors)
        {
            Tensors[p + name + ".weight"] = shape;
        }
    }
}
