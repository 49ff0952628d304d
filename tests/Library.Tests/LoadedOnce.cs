using LayerStream.Engine;

namespace LayerStream.Library.Tests;

/// <summary>The shipped model, loaded once for all tests of a class.</summary>
public sealed class LoadedOnce : IAsyncLifetime
{
    private LanguageModel? _model;

    public LanguageModel Model => _model!;

    /// <summary>The folder of the clone.</summary>
    public static string Repository
    {
        get
        {
            string folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "LayerStream.sln")))
            {
                folder = Path.GetDirectoryName(folder)!;
            }

            return folder;
        }
    }

    public async ValueTask InitializeAsync() => _model = await LanguageModel.LoadAsync(new LanguageModelOptions
    {
        ModelPath = Path.Combine(Repository, "models", "SmolLM2-135M-Instruct-Q4_1.gguf"),
        MemoryBudgetBytes = 256 << 20,
        ContextTokens = 1024,
    });

    public async ValueTask DisposeAsync()
    {
        if (_model is not null)
        {
            await _model.DisposeAsync();
        }
    }
}
