using System.Collections.Frozen;
using LayerStream.Actors;
using LayerStream.Actors.Loading;
using LayerStream.Formats;
using LayerStream.Host.Server.Service;
using LayerStream.Sampling;
using LayerStream.Session;
using LayerStream.Storage;
using LayerStream.Templates;
using LayerStream.Tokenization;

namespace LayerStream.Host.Server;

/// <summary>Loads the model of the daemon.</summary>
internal static class ModelLoading
{
    // Requests, connections and their buffers live on the managed heap as well.
    private const long ServerHeapBytes = 32L << 20;
    private const int ProbeBlockBytes = 1 << 20;
    private static readonly TimeSpan s_probeTime = TimeSpan.FromMilliseconds(200);

    /// <summary>Name of a model in the API.</summary>
    public static string IdOf(string path) => Path.GetFileNameWithoutExtension(path);

    /// <summary>Opens, plans, limits the heap, measures the device and starts the engine.</summary>
    /// <exception cref="Exception">As <see cref="GgufModel.Open"/>, <see cref="Tokenizer.FromMetadata"/> and <see cref="Engine"/>; or a broken template.</exception>
    public static async Task<ServedModel> LoadAsync(DaemonOptions daemon, IProgress<LoadProgress> progress, CancellationToken ct)
    {
        EngineOptions options = daemon.Engine with { ExtraHeapBytes = ServerHeapBytes };
        (GgufModel model, Tokenizer tokenizer, EnginePlan plan, SamplingOptions sampling) = Prepare(options, daemon);
        if (tokenizer.Warning is { } warning)
        {
            DaemonLog.Line(warning);
        }

        LossyNotice.Write(plan, DaemonLog.Line);
        ChatTemplate? template = ChatPrompt.TemplateOf(tokenizer);
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true); // the metadata is gone: give its pages back
        HeapLimit.Apply(plan.HeapLimitBytes);
        IFlashDevice device = FlashDevice.Open(model.Files);
        progress.Report(new LoadProgress("measuring the device", 0, 0));
        double rate = DeviceProbe.MeasureBytesPerSecond(device, s_probeTime, ProbeBlockBytes, 2);
        Engine engine = await Engine.StartAsync(plan, options, device, progress, ct);
        return new ServedModel
        {
            Id = IdOf(options.ModelPath),
            Created = DateTimeOffset.UtcNow,
            Engine = engine,
            Tokenizer = tokenizer,
            Template = template,
            Sampling = sampling,
            DeviceBytesPerSecond = rate,
            LongestTokenBytes = LongestToken(tokenizer),
        };
    }

    // A frame of its own, so that nothing keeps the metadata alive afterwards.
    private static (GgufModel Model, Tokenizer Tokenizer, EnginePlan Plan, SamplingOptions Sampling) Prepare(EngineOptions options, DaemonOptions daemon)
    {
        GgufModel model = GgufModel.Open(options.ModelPath);
        Tokenizer tokenizer = Tokenizer.FromMetadata(model.Metadata);
        EnginePlan plan = Engine.Plan(model, options);
        SamplingOptions sampling = FileSampling.Apply(
            model.Metadata, daemon.Sampling ?? new SamplingOptions(), daemon.Explicit ?? FrozenSet<string>.Empty, out string? warning);
        if (warning is not null)
        {
            DaemonLog.Line(warning);
        }

        return (model.WithoutMetadata(), tokenizer, plan, sampling);
    }

    private static int LongestToken(Tokenizer tokenizer)
    {
        int longest = 1;
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            longest = Math.Max(longest, tokenizer.PieceBytes(id, special: true).Length);
        }

        return longest;
    }
}
