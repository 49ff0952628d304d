namespace LayerStream.Models.Architectures;

/// <summary>The families the decoder knows; a new family is a row here and a file beside the others.</summary>
public static class ArchitectureTable
{
    /// <summary>All rows.</summary>
    public static IReadOnlyList<Architecture> All { get; } =
    [
        DeepSeek2.Row,
        Gemma3.Row,
        Gemma4.Row,
        Glm4Moe.Row,
        GptOss.Row,
        Granite.Row,
        GraniteMoe.Row,
        Llama.Row,
        Llama4.Row,
        MiniMaxM2.Row,
        Mistral3.Row,
        Olmo2.Row,
        OlMoe.Row,
        Phi3.Row,
        Qwen2.Row,
        Qwen2Moe.Row,
        Qwen3.Row,
        Qwen35.Row,
        Qwen35Moe.Row,
        Qwen3Moe.Row,
        Qwen3Next.Row,
        SeedOss.Row,
        SmolLm3.Row,
    ];

    /// <summary>The row of a family, or null.</summary>
    public static Architecture? Find(string? name) => All.FirstOrDefault(a => a.Name == name);
}
