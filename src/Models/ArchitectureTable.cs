using LayerStream.Models.Architectures;

namespace LayerStream.Models;

/// <summary>The families the decoder knows; a new family is a row here and a file beside the others.</summary>
public static class ArchitectureTable
{
    /// <summary>All rows.</summary>
    public static IReadOnlyList<Architecture> All { get; } =
    [
        Gemma3.Row,
        Gemma4.Row,
        Granite.Row,
        Llama.Row,
        Mistral3.Row,
        Olmo2.Row,
        Phi3.Row,
        Qwen2.Row,
        Qwen3.Row,
        SeedOss.Row,
        SmolLm3.Row,
    ];

    /// <summary>The row of a family, or null.</summary>
    public static Architecture? Find(string? name) => All.FirstOrDefault(a => a.Name == name);
}
