using System.Runtime.InteropServices;
using System.Text.Json;

namespace LayerStream.Golden.Tests;

/// <summary>One folder of reference data: ids, logits of every position, a greedy continuation.</summary>
internal sealed record GoldenCase(string Name, string Model, int[] Tokens, float[] Logits, int Vocabulary, int PromptTokens, int[] Greedy)
{
    internal static GoldenCase Load(string name)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "data", name);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
        JsonElement root = json.RootElement, greedy = root.GetProperty("greedy");
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, "logits.f32"));
        return new GoldenCase(
            name, Path.Combine(folder, "model.gguf"), Ints(root.GetProperty("tokens")), MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
            root.GetProperty("shape")[1].GetInt32(), greedy.GetProperty("prompt_tokens").GetInt32(), Ints(greedy.GetProperty("tokens")));
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
