using LayerStream.Actors;
using LayerStream.Formats;
using LayerStream.Sampling;
using LayerStream.Storage;
using LayerStream.Tokenization;

namespace LayerStream.Session;

/// <summary>An opened model with its tokenizer, plan and running engine.</summary>
public sealed class LoadedModel : IAsyncDisposable
{
    private LoadedModel(ModelOptions options, GgufModel model, Tokenizer? tokenizer, string? tokenizerGap, EnginePlan plan, Engine engine)
    {
        Options = options;
        Model = model;
        Tokenizer = tokenizer;
        TokenizerGap = tokenizerGap;
        Plan = plan;
        Engine = engine;
    }

    /// <summary>The options it was loaded with.</summary>
    public ModelOptions Options { get; }

    /// <summary>The file, without its metadata.</summary>
    public GgufModel Model { get; }

    /// <summary>The tokenizer; null when the file has none or an unsupported one.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>Why there is no tokenizer, or null.</summary>
    public string? TokenizerGap { get; }

    /// <summary>The plan in force.</summary>
    public EnginePlan Plan { get; }

    /// <summary>The engine.</summary>
    public Engine Engine { get; }

    /// <summary>The tokenizer. Errors: <see cref="UsageException"/> with the reason when there is none.</summary>
    public Tokenizer RequireTokenizer() =>
        Tokenizer ?? throw new UsageException($"This model has no usable tokenizer ({TokenizerGap}); give token ids with --ids.");

    /// <summary>
    /// Opens, plans, limits the heap and starts the engine; budget sheet and progress go to stderr unless --quiet or --json.
    /// Errors: as <see cref="GgufModel.Open"/>, <see cref="Engine.Plan"/> and <see cref="Engine.StartAsync(GgufModel, EngineOptions, IProgress{LoadProgress}?, CancellationToken)"/>.
    /// </summary>
    public static async Task<LoadedModel> OpenAsync(ModelOptions options, CancellationToken ct)
    {
        (GgufModel model, Tokenizer? tokenizer, string? gap, EnginePlan plan, SamplingOptions sampling) = Prepare(options);
        options = options with { Sampling = sampling };
        HeapLimit.Apply(plan.HeapLimitBytes);
        bool talk = !options.Quiet && !options.Json;
        if (talk)
        {
            Console.Error.WriteLine(plan.Sheet.Render().TrimEnd());
        }

        LossyNotice.Write(plan, Console.Error.WriteLine);
        if (tokenizer?.Warning is { } warning)
        {
            Console.Error.WriteLine(warning);
        }

        using StderrProgress? progress = talk ? new StderrProgress() : null;
        Engine engine = await Engine.StartAsync(plan, options.ToEngineOptions(), FlashDevice.Open(model.Files), progress, ct);
        if (talk && engine.DirectFallback is { } reason)
        {
            Console.Error.WriteLine($"Reads pass through the page cache: {reason}");
        }

        return new LoadedModel(options, model, tokenizer, gap, plan, engine);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Engine.DisposeAsync();

    /// <summary>Reads a tokenizer if the file has a supported one; otherwise the reason.</summary>
    public static Tokenizer? ReadTokenizer(GgufMetadata metadata, out string? gap)
    {
        gap = Tokenizer.Unsupported(metadata);
        return gap is null ? Tokenizer.FromMetadata(metadata) : null;
    }

    // A frame of its own, so that nothing keeps the metadata alive afterwards.
    private static (GgufModel Model, Tokenizer? Tokenizer, string? Gap, EnginePlan Plan, SamplingOptions Sampling) Prepare(ModelOptions options)
    {
        GgufModel model = GgufModel.Open(options.ModelPath);
        Tokenizer? tokenizer = ReadTokenizer(model.Metadata, out string? gap);
        EnginePlan plan = ModelPlanning.Make(model, options);
        SamplingOptions sampling = FileSampling.Apply(model.Metadata, options.Sampling, options.Explicit, out string? warning);
        if (warning is not null)
        {
            Console.Error.WriteLine(warning);
        }

        return (model.WithoutMetadata(), tokenizer, gap, plan, sampling);
    }
}
