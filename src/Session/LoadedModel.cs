using LayerStream.Actors;
using LayerStream.Actors.Loading;
using LayerStream.Formats;
using LayerStream.Sampling;
using LayerStream.Storage;
using LayerStream.Templates;
using LayerStream.Templates.Runtime;
using LayerStream.Tokenization;

namespace LayerStream.Session;

/// <summary>A running model: its file, plan, engine, tokenizer and chat template. Every verb and the daemon get theirs here.</summary>
public sealed class LoadedModel : IAsyncDisposable
{
    private const int ProbeBlockBytes = 1 << 20;
    private static readonly TimeSpan s_probeTime = TimeSpan.FromMilliseconds(200);

    private readonly Lazy<ChatTemplate?> _template;
    private readonly Lazy<int> _longestToken;

    private LoadedModel(Opened opened, Engine engine)
    {
        Options = opened.Options;
        Model = opened.Model;
        Tokenizer = opened.Tokenizer;
        TokenizerGap = opened.TokenizerGap;
        Plan = opened.Plan;
        Engine = engine;
        _template = new(() => TemplateSource.Read(Options.ChatTemplate, Tokenizer));
        _longestToken = new(() => LongestToken(Tokenizer));
    }

    /// <summary>Name in the API: the file's name without its ending.</summary>
    public string Id => IdOf(Options.ModelPath);

    /// <summary>When it was loaded.</summary>
    public DateTimeOffset Created { get; } = DateTimeOffset.UtcNow;

    /// <summary>The options it was loaded with; the sampling has the file's recommendations where the user said nothing.</summary>
    public ModelOptions Options { get; }

    /// <summary>The file, without its metadata.</summary>
    public GgufModel Model { get; }

    /// <summary>The tokenizer; null when the file has none or an unsupported one.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>Why there is no tokenizer, or null.</summary>
    public string? TokenizerGap { get; }

    /// <summary>The chat template, read when it is first asked for; null = the model brings none (ChatML).</summary>
    /// <exception cref="TemplateSyntaxException">It cannot be read.</exception>
    public ChatTemplate? Template => _template.Value;

    /// <summary>The plan in force.</summary>
    public EnginePlan Plan { get; }

    /// <summary>The engine.</summary>
    public Engine Engine { get; }

    /// <summary>Measured rate of the device; 0 unless <see cref="ModelOptions.MeasuresDevice"/>.</summary>
    public double DeviceBytesPerSecond { get; private init; }

    /// <summary>Bytes of the longest token: no text of more than context × this fits.</summary>
    public int LongestTokenBytes => _longestToken.Value;

    /// <summary>Name of a model in the API.</summary>
    public static string IdOf(string path) => Path.GetFileNameWithoutExtension(path);

    /// <summary>The tokenizer. Errors: <see cref="UsageException"/> with the reason when there is none.</summary>
    public Tokenizer RequireTokenizer() =>
        Tokenizer ?? throw new UsageException($"This model has no usable tokenizer ({TokenizerGap}); give token ids with --ids.");

    /// <summary>Opens, plans, limits the heap and starts the engine.</summary>
    /// <param name="options">The options.</param>
    /// <param name="notices">Hears of the sheet, of progress and of what is unusual, also from other threads.</param>
    /// <param name="ct">Ends loading.</param>
    /// <exception cref="ModelFormatException">The file is no model.</exception>
    /// <exception cref="UnsupportedModelException">The model cannot run here.</exception>
    /// <exception cref="Memory.BudgetTooSmallException">The accounts do not fit; carries the sheet and the smallest budget.</exception>
    /// <exception cref="BudgetAboveLimitException">Machine or cgroup cannot give the budget.</exception>
    /// <exception cref="HeapLimitException">The managed heap exceeds its account already.</exception>
    /// <exception cref="FlashReadException">Weights could not be read.</exception>
    public static async Task<LoadedModel> OpenAsync(ModelOptions options, IProgress<SessionNotice> notices, CancellationToken ct)
    {
        Opened opened = Prepare(options, notices);
        HeapLimit.Apply(opened.Plan.HeapLimitBytes);
        notices.Report(new SheetNotice(opened.Plan.Sheet));
        Tell(notices, LossyText.Warning(opened.Plan));
        Tell(notices, opened.Tokenizer?.Warning is { } text ? new WarningNotice(text) : null);
        FlashDevice device = FlashDevice.Open(opened.Model.Files);
        double rate = 0;
        if (options.MeasuresDevice)
        {
            notices.Report(new LoadingNotice(new LoadProgress("measuring the device", 0, 0)));
            rate = DeviceProbe.MeasureBytesPerSecond(device, s_probeTime, ProbeBlockBytes, 2);
        }

        Engine engine = await Engine.StartAsync(opened.Plan, options.ToEngineOptions(), device, new LoadingNotices(notices), ct);
        notices.Report(new LoadedNotice());
        Tell(notices, engine.DirectFallback is { } reason ? new InformationNotice($"Reads pass through the page cache: {reason}") : null);
        return new LoadedModel(opened, engine) { DeviceBytesPerSecond = rate };
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
    private static Opened Prepare(ModelOptions options, IProgress<SessionNotice> notices)
    {
        GgufModel model = GgufModel.Open(options.ModelPath);
        Tokenizer? tokenizer = ReadTokenizer(model.Metadata, out string? gap);
        EnginePlan plan = ModelPlanning.Make(model, options, notices);
        SamplingOptions sampling = FileSampling.Apply(model.Metadata, options.Sampling, options.Explicit, out string? warning);
        Tell(notices, warning is null ? null : new WarningNotice(warning));
        return new Opened(options with { Sampling = sampling }, model.WithoutMetadata(), tokenizer, gap, plan);
    }

    private static void Tell(IProgress<SessionNotice> notices, SessionNotice? notice)
    {
        if (notice is not null)
        {
            notices.Report(notice);
        }
    }

    private static int LongestToken(Tokenizer? tokenizer)
    {
        int longest = 1;
        for (int id = 0; id < (tokenizer?.VocabularySize ?? 0); id++)
        {
            longest = Math.Max(longest, tokenizer!.PieceBytes(id, special: true).Length);
        }

        return longest;
    }

    private sealed record Opened(ModelOptions Options, GgufModel Model, Tokenizer? Tokenizer, string? TokenizerGap, EnginePlan Plan);

    private sealed class LoadingNotices(IProgress<SessionNotice> notices) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => notices.Report(new LoadingNotice(value));
    }
}
