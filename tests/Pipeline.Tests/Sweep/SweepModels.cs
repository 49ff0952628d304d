using LayerStream.Actors;
using LayerStream.Actors.Drafts;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Pipeline.Tests;

/// <summary>Engines for several sequences over tiny models of every kind of mixer, all of whose tiles stream.</summary>
internal static class SweepModels
{
    /// <summary>Full attention, windows, shared keys and layer inputs, sinks and experts, latents both ways, delta nets both
    /// ways.</summary>
    internal static readonly string[] Names =
        ["llama", "gemma3", "gemma4-e", "gptoss", "deepseek3", "deepseek2-kv-b", "qwen35moe", "qwen3next-ssm-in"];

    internal static async Task<Engine> StartAsync(
        string name, int sequences, int batch = 8, int seed = 0, Func<IFlashDevice, IFlashDevice>? wrap = null,
            Func<EngineOptions, EngineOptions>? change = null, int pages = 0, int? pinEvery = null, int windows = 0)
    {
        string path = PathOf(name);
        EngineOptions options = TinyModel.Options(threads: 1 + (seed % 2), depth: 1 + (seed % 4))
            with
        { ModelPath = path, Sequences = sequences };
        options = change?.Invoke(options) ?? options;
        EnginePlan plan = TinyModel.StreamingPlan(options, 16384, pinEvery: pinEvery ?? (seed % 3 == 0 ? 0 : 2));
        MemoryPlan memory = plan.Memory with { Batch = Math.Max(batch, sequences), LogitRows = Math.Max(sequences, plan.Memory.LogitRows) };
        memory = (pages > 0 ? memory with { Pages = pages } : memory) with { WindowPages = windows };
        memory = plan.Spec.ExpertBanks.Count > 0 ? memory with { Experts = ExpertModel.Division(plan.Spec, 1 + (seed % 3), 2) } : memory;
        IFlashDevice device = FlashDevice.Open([path]);
        return await Engine.StartAsync(plan.Divided(plan.Spec, memory), options, wrap?.Invoke(device) ?? device, null,
            CancellationToken.None);
    }

    /// <summary>An engine for the single runs that others are compared with. Its dense tiles stay in memory: the ids are the same, and
    /// hundreds of passes take a part of the time.</summary>
    internal static Task<Engine> StartSingleAsync(string name, int batch, Func<EngineOptions, EngineOptions>? change = null) =>
        StartAsync(name, 1, batch, change: change, pinEvery: 1);

    /// <summary>A tiny model that guesses for another one.</summary>
    internal static DraftFile Draft(string name)
    {
        ModelFiles files = new();
        return DraftFile.Of(GgufModel.Open(PathOf(name), files), files);
    }

    /// <summary>Two engines for one model: layers in front of <paramref name="cut"/>, and the others with the head, each with its own plan
    /// and sheet.</summary>
    internal static async Task<(Engine Engine, EnginePart Behind)> StartCutAsync(string name, int cut, int sequences, int seed, int pages,
        Func<EngineOptions, EngineOptions> change, Func<IFlashDevice, IFlashDevice>? wrapBehind = null)
    {
        string path = PathOf(name);
        EngineOptions options = change(TinyModel.Options(threads: 1 + (seed % 2), depth: 1 + (seed % 4))
            with
        { ModelPath = path, Sequences = sequences });
        int layers = Engine.Plan(GgufModel.Open(path), options).Spec.Layers.Count;
        EnginePlan[] plans = [.. new[] { new LayerRange(0, cut), new LayerRange(cut, layers) }
            .Select(part => TinyModel.StreamingPlan(options with { Layers = part }, 16384, pinEvery: seed % 3))];
        int snapshots = plans.Max(p => p.Memory.Snapshots);
        for (int i = 0; i < plans.Length; i++)
        {
            MemoryPlan memory = plans[i].Memory with { Batch = 40, LogitRows = 8, Pages = pages, Snapshots = snapshots };
            memory = plans[i].Spec.ExpertBanks.Count == 0 ? memory
                : memory with { Experts = ExpertModel.Division(plans[i].Spec, 1 + (seed % 3), 2) };
            plans[i] = plans[i].Divided(plans[i].Spec, memory);
        }

        IFlashDevice device = FlashDevice.Open([path]);
        EnginePart behind = await EnginePart.StartAsync(plans[1], options, wrapBehind?.Invoke(device) ?? device, CancellationToken.None);
        return (await Engine.StartInFrontAsync(plans[0], options, FlashDevice.Open([path]), behind, CancellationToken.None), behind);
    }

    internal static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "data", name, "model.gguf");

    /// <summary>Random tokens of an engine's vocabulary.</summary>
    internal static int[] Tokens(Random random, Engine engine, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => random.Next(engine.Spec.Vocabulary))];

    /// <summary>A greedy generation.</summary>
    internal static RunRequest Request(int[] prompt, int tokens, string? scope = null) => new()
    {
        Prompt = prompt,
        MaxTokens = tokens,
        Sample = TinyModel.Greedy,
        OnToken = _ => false,
        ReuseScope = scope,
    };
}
