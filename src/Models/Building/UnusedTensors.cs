using LayerStream.Formats;
using LayerStream.Models.Spec;

namespace LayerStream.Models.Building;

/// <summary>Tensors that a file has for the model's own layers, tokens or output and that no part of the model reads: a sign that the file
/// means more than its family says, so that the output may not be what it should.</summary>
public static class UnusedTensors
{
    private const int Named = 3;

    private static readonly string[] s_begins = ["token_", "position_", "output"];

    // Scales of activations for other hardware; rotations that follow from keys; latent keys and values in the layout not chosen.
    private static readonly string[] s_harmless = [".input_scale", "attn_rot_embd.weight", "rope_freqs.weight", "attn_kv_b.weight",
        "attn_k_b.weight", "attn_v_b.weight"];

    /// <summary>Their names, in file order.</summary>
    public static IReadOnlyList<string> Find(GgufModel model, ModelSpec spec)
    {
        HashSet<string> used = [.. spec.Tensors.Select(t => t.Name)];
        return [.. model.Tensors.Select(t => t.Name).Where(n => !used.Contains(n) && IsOfTheModel(n, spec)
            && !s_harmless.Any(h => n.EndsWith(h, StringComparison.Ordinal)))];
    }

    /// <summary>A sentence about them; null without.</summary>
    public static string? Describe(IReadOnlyList<string> names) => names.Count == 0 ? null
        : $"The file has {names.Count} tensors of its layers that nothing here reads ({string.Join(", ", names.Take(Named))}"
        + $"{(names.Count > Named ? ", …" : "")}): the output may not be the model's own. Another conversion may say more of it.";

    // Layers that attend with the keys and values of another layer may still have their own in the file.
    private static bool IsOfTheModel(string name, ModelSpec spec) => TrunkLayers.Block(name, out string rest) is { } block
        ? block < spec.Layers.Count && !(spec.Layers[block].Mixer is AttentionSpec { KvSource: not null }
            && (rest.StartsWith("attn_k", StringComparison.Ordinal) || rest.StartsWith("attn_v", StringComparison.Ordinal)))
        : s_begins.Any(b => name.StartsWith(b, StringComparison.Ordinal));
}
