
namespace LayerStream.Models.Synthesis.Shapes;

/// <summary>The shapes that can be synthesised; adding one is a row in its family's file.</summary>
public static class ModelShapes
{
    /// <summary>All shapes, family by family.</summary>
    public static IReadOnlyList<ModelShape> All { get; } =
        [.. LlamaShapes.Rows, .. Qwen3MoeShapes.Rows, .. Qwen35MoeShapes.Rows, .. GptOssShapes.Rows, .. DeepSeek2Shapes.Rows,
            .. Glm4MoeShapes.Rows];

    /// <summary>The shape of that name, or null.</summary>
    public static ModelShape? Find(string name) => All.FirstOrDefault(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase));
}
