using System.Runtime.InteropServices;
using System.Text.Json;
using Xunit;

namespace LayerStream.Golden.Tests;

/// <summary>One folder of reference data: ids, logits of every position, a greedy continuation.</summary>
/// <param name="Context">Tokens of context to open the model with.</param>
/// <param name="PeerDivergence">Mean Kullback-Leibler divergence of another engine with integer activations, or 0.</param>
internal sealed record GoldenCase(string Name, string Model, int[] Tokens, float[] Logits, int Vocabulary, int PromptTokens, int[] Greedy,
    int Context, double PeerDivergence)
{
    /// <summary>Cases that are part of this project.</summary>
    internal static IEnumerable<string> Own => Directory.GetDirectories(Path.Combine(AppContext.BaseDirectory, "data"))
        .Select(d => Path.GetFileName(d)).Order();

    /// <summary>Names of the cases in a folder of the shared data; none where it is missing.</summary>
    internal static IEnumerable<string> Names(string folder)
    {
        string? path = SharedGolden.FindFolder(folder);
        return path is null ? [] : Directory.GetDirectories(path).Select(d => Path.GetFileName(d)).Order();
    }

    /// <summary>Loads a case of this project, or one of the shared data beside it; the test is skipped without that.</summary>
    internal static GoldenCase Load(string name)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "data", name);
        if (!Directory.Exists(folder))
        {
            string? model = SharedGolden.Find($"arch/{name}/model.gguf") ?? SharedGolden.Find($"extra/{name}/model.gguf")
                ?? SharedGolden.Find($"quant-models/{name}/model.gguf");
            Assert.SkipWhen(model is null, "the shared golden data is not beside the project");
            folder = Path.GetDirectoryName(model)!;
        }

        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
        JsonElement root = json.RootElement;
        bool continues = root.TryGetProperty("greedy", out JsonElement greedy);
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, "logits.f32"));
        int[] tokens = Ints(root.GetProperty("tokens"));
        return new GoldenCase(
            name, Path.Combine(folder, "model.gguf"), tokens, MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
                root.GetProperty("shape")[1].GetInt32(),
            continues ? greedy.GetProperty("prompt_tokens").GetInt32() : 0, continues ? Ints(greedy.GetProperty("tokens")) : [],
            root.TryGetProperty("context", out JsonElement context) ? context.GetInt32() : tokens.Length + 48,
            root.TryGetProperty("llama_cpp", out JsonElement peer) ? peer.GetProperty("mean_kl").GetDouble() : 0);
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
