using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Models.Tiles;
using LayerStream.Storage;

namespace LayerStream.Pipeline.Tests;

/// <summary>A real, tiny llama file and engines over it whose every tile streams.</summary>
internal static class TinyModel
{
    internal static readonly int[] Prompt = [71, 68, 408, 257, 303, 309, 365, 17, 250, 78, 207, 475, 281, 38, 279, 69];

    internal static string Path => System.IO.Path.Combine(AppContext.BaseDirectory, "data", "llama", "model.gguf");

    internal static EngineOptions Options(int threads = 2, int depth = 2) => new()
    {
        ModelPath = Path,
        BudgetBytes = 512L << 20,
        Threads = threads,
        PrefetchDepth = depth,
        Context = 64,
        KvType = KvType.F32,
        Activations = ActivationMode.F32,
        RuntimeReserveBytes = 1 << 20,
    };

    /// <summary>A plan with nothing pinned (or every k-th tile) and tiles of at most <paramref name="tileBytes"/>.</summary>
    internal static EnginePlan StreamingPlan(EngineOptions options, long tileBytes = 4096, int pinEvery = 0)
    {
        EnginePlan plan = Engine.Plan(GgufModel.Open(options.ModelPath), options);
        TileMap tiles = TileMap.Create(plan.Spec, tileBytes);
        bool[] pinned = [.. tiles.Tiles.Select(t => pinEvery > 0 && t.Index % pinEvery == 0)];
        return plan.Divided(plan.Spec, plan.Memory with
        {
            Tiles = tiles,
            Pinned = pinned,
            Slots = options.PrefetchDepth + 1,
            PrefetchDepth = options.PrefetchDepth,
            PinnedBytes = tiles.Tiles.Where(t => pinned[t.Index]).Sum(t => t.Extent.Window.Length),
            SlotBytes = (int)tiles.Tiles.Max(t => (t.Extent.Length + 12287) / 4096 * 4096),
            Batch = 8,
        });
    }

    internal static async Task<Engine> StartAsync(Func<IFlashDevice, IFlashDevice>? wrap = null, int threads = 2, int depth = 2,
        int pinEvery = 0, TimeSpan? stallLimit = null)
    {
        EngineOptions options = Options(threads, depth) with { StallLimit = stallLimit ?? TimeSpan.FromSeconds(60) };
        IFlashDevice device = FlashDevice.Open([Path]);
        return await Engine.StartAsync(StreamingPlan(options, pinEvery: pinEvery), options, wrap?.Invoke(device) ?? device, null,
            CancellationToken.None);
    }

    /// <summary>An engine over a file of the caller's whose every tile streams.</summary>
    internal static async Task<Engine> StartAsync(string path, bool buffered = false)
    {
        EngineOptions options = Options() with { ModelPath = path };
        GgufModel model = GgufModel.Open(path);
        return await Engine.StartAsync(StreamingPlan(options), options, FlashDevice.Open(model.Files, buffered), null,
            CancellationToken.None);
    }

    internal static RunRequest Request(int tokens = 12, Func<int, bool>? onToken = null) => new()
    {
        Prompt = Prompt,
        MaxTokens = tokens,
        Sample = Greedy,
        OnToken = onToken ?? (_ => false),
    };

    internal static int Greedy(Span<float> logits, IReadOnlyList<int> history)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }
}
