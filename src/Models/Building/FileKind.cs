using LayerStream.Formats;

namespace LayerStream.Models.Building;

/// <summary>Files of the format that hold something else than a model, by the key <c>general.type</c>.</summary>
internal static class FileKind
{
    private static readonly Dictionary<string, string> s_others = new(StringComparer.Ordinal)
    {
        ["adapter"] = "an adapter (LoRA), which changes a model and is none: merge it into its model when that is converted",
        ["mmproj"] = "the part of a model that reads pictures or sound, without the model: give the file of the model",
        ["imatrix"] = "statistics for quantising a model (an importance matrix): give the file of the model",
        ["control_vector"] = "a control vector, which changes a model and is none: give the file of the model",
    };

    /// <summary>Why the file is no model, or null.</summary>
    internal static string? Refusal(GgufModel model)
    {
        string type = model.Metadata.GetString("general.type") ?? "model";
        string kind = model.Architecture switch { "clip" => "mmproj", "controlvector" => "control_vector", _ => type };
        if (s_others.TryGetValue(kind, out string? what))
        {
            return $"the file holds {what}";
        }

        return model.Tensors.Count > 0 ? null
            : "the file holds no tensors, only what is said of a model (a vocabulary): give the file of the model";
    }
}
