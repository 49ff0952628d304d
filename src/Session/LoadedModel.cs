using System.Runtime.CompilerServices;
using LayerStream.Actors;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Sampling.Grammars;
using LayerStream.Templates;
using LayerStream.Templates.Answers;
using LayerStream.Templates.Runtime;
using LayerStream.Tokenization;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Session;

/// <summary>A running model: its file, plan, engine, tokenizer and chat template. Every verb and the daemon get theirs here.</summary>
public sealed class LoadedModel : IAsyncDisposable
{
    private readonly PlannedModel _planned;
    private readonly IProgress<SessionNotice> _notices;
    private readonly Lazy<ChatTemplate?> _template;
    private readonly Lazy<int> _longestToken;
    private readonly Lazy<TokenTexts> _tokenTexts;
    private readonly Lazy<AnswerFormat> _format;
    private readonly Lazy<IReadOnlySet<int>> _visible;

    internal LoadedModel(PlannedModel planned, Engine engine, double deviceBytesPerSecond, IProgress<SessionNotice> notices)
    {
        _notices = notices;
        _planned = planned;
        Engine = engine;
        DeviceBytesPerSecond = deviceBytesPerSecond;
        _template = new(() => TemplateSource.Read(Options.ChatTemplate, Tokenizer));
        _longestToken = new(() => LongestToken(Tokenizer));
        _tokenTexts = new(() => TokenTexts.Of(RequireTokenizer(), MarkTokens));
        _format = new(() => AnswerFormat.For(Template?.Source));
        _visible = new(() => Marks(Tokenizer, AnswerFormat));
    }

    /// <summary>Name in the API: the file's name without its ending.</summary>
    public string Id => IdOf(Options.ModelPath);

    /// <summary>When it was loaded.</summary>
    public DateTimeOffset Created { get; } = DateTimeOffset.UtcNow;

    /// <summary>The options it was loaded with; the sampling has the file's recommendations where the user said nothing.</summary>
    public ModelOptions Options => _planned.Options;

    /// <summary>The file, without its metadata.</summary>
    public GgufModel Model => _planned.Model;

    /// <summary>The tokenizer; null when the file has none or an unsupported one.</summary>
    public Tokenizer? Tokenizer => _planned.Tokenizer;

    /// <summary>Why there is no tokenizer, or null.</summary>
    public string? TokenizerGap => _planned.TokenizerGap;

    /// <summary>The chat template, read when it is first asked for; null = the model brings none (ChatML).</summary>
    /// <exception cref="TemplateSyntaxException">It cannot be read.</exception>
    public ChatTemplate? Template => _template.Value;

    /// <summary>How the model writes thoughts and tool calls, by its template.</summary>
    /// <exception cref="TemplateSyntaxException">The template cannot be read.</exception>
    public AnswerFormat AnswerFormat => _format.Value;

    /// <summary>Control tokens that are marks of that format and not the end of an answer.</summary>
    public IReadOnlySet<int> MarkTokens => _visible.Value;

    /// <summary>The plan in force.</summary>
    public EnginePlan Plan => _planned.Plan;

    /// <summary>The account of files beside the model: see <see cref="TransientFile.Charge"/>.</summary>
    public BudgetAccount FilesAccount => Plan.Sheet.Account(AccountNames.WrittenFiles);

    /// <summary>The engine.</summary>
    public Engine Engine { get; }

    /// <summary>Measured rate of the device; 0 unless <see cref="ModelOptions.MeasuresDevice"/>.</summary>
    public double DeviceBytesPerSecond { get; }

    /// <summary>Bytes of the longest token: no text of more than context × this fits.</summary>
    public int LongestTokenBytes => _longestToken.Value;

    /// <summary>The tokens as grammars see them, made when they are first asked for. Errors: <see cref="UsageException"/> without a
    /// tokenizer.</summary>
    public TokenTexts TokenTexts => _tokenTexts.Value;

    /// <summary>Name of a model in the API.</summary>
    public static string IdOf(string path) => Path.GetFileNameWithoutExtension(path);

    /// <summary>The tokenizer. Errors: <see cref="UsageException"/> with the reason when there is none.</summary>
    public Tokenizer RequireTokenizer() =>
        Tokenizer ?? throw new UsageException($"This model has no usable tokenizer ({TokenizerGap}); give token ids with --ids.");

    /// <summary>Opens, plans, limits the heap and starts the engine. Errors: as <see cref="ModelFile.Open"/>, <see cref="ModelFile.Plan"/>
    /// and <see cref="PlannedModel.LoadAsync"/>.</summary>
    /// <param name="options">The options.</param>
    /// <param name="notices">Hears of the sheet, of progress and of what is unusual, also from other threads.</param>
    /// <param name="ct">Ends loading.</param>
    public static async Task<LoadedModel> OpenAsync(ModelOptions options, IProgress<SessionNotice> notices, CancellationToken ct)
    {
        PlannedModel planned = Prepare(options, notices);
        try
        {
            return await planned.LoadAsync(notices, ct);
        }
        finally
        {
            planned.Files.Dispose(); // the engine reads through descriptors of its own
            planned.Draft?.Files.Dispose();
        }
    }

    /// <summary>Ends the engine; a notice says if the budget was not kept.</summary>
    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        if (Engine.StateFault is { } fault)
        {
            _notices.Report(new WarningNotice($"A state was not kept: {fault}"));
        }

        if (PeakMemory.Excess(Plan.Sheet.BudgetBytes) is { } excess)
        {
            _notices.Report(excess);
        }
    }

    // A frame of its own, so that nothing keeps the metadata alive while the heap is limited.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static PlannedModel Prepare(ModelOptions options, IProgress<SessionNotice> notices)
    {
        ModelFile file = ModelFile.Open(options.ModelPath);
        try
        {
            return file.Plan(options, notices);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static HashSet<int> Marks(Tokenizer? tokenizer, AnswerFormat format)
    {
        string[] marks = [.. format.Marks];
        HashSet<int> found = [];
        for (int id = 0; id < (tokenizer?.VocabularySize ?? 0); id++)
        {
            if (tokenizer!.TypeOf(id) == TokenType.Control && !tokenizer.EndOfGeneration.Contains(id)
                && marks.Any(m => m.Contains(tokenizer.TokenText(id), StringComparison.Ordinal)))
            {
                found.Add(id);
            }
        }

        return found;
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
}
