using LayerStream.Actors;
using LayerStream.Actors.Drafts;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Sampling;
using LayerStream.Tokenization;

namespace LayerStream.Session;

/// <summary>An opened model file with its metadata: what plans are made of. Whatever it gives away holds no metadata.</summary>
public sealed class ModelFile : IDisposable
{
    private const int MagicBytes = 4;
    private readonly GgufModel _model;
    private readonly ModelFiles _open;

    private ModelFile(GgufModel model, ModelFiles open)
    {
        (_model, _open) = (model, open);
        TokenizerGap = Tokenization.Tokenizer.Unsupported(model.Metadata);
        Tokenizer = TokenizerGap is null ? Tokenization.Tokenizer.FromMetadata(model.Metadata) : null;
    }

    /// <summary>The tokenizer; null when the file has none or an unsupported one.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>Why there is no tokenizer, or null.</summary>
    public string? TokenizerGap { get; }

    /// <summary>The files of the model, the first shard first.</summary>
    public IReadOnlyList<string> Files => _model.Files;

    /// <summary>Opens a model.</summary>
    /// <exception cref="ModelFormatException">The file is no model.</exception>
    public static ModelFile Open(string path)
    {
        PeakMemory.Begin();
        ModelFiles files = new();
        try
        {
            return new ModelFile(GgufModel.Open(path, files), files);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Whether a file that is there begins as models do, so that nothing may be written over it.</summary>
    public static bool IsModel(string path)
    {
        if (new FileInfo(path) is not { Exists: true, Length: >= MagicBytes }) // pipes and devices have no length, and are not read
        {
            return false;
        }

        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> magic = stackalloc byte[MagicBytes];
            return file.ReadAtLeast(magic, MagicBytes, throwOnEndOfStream: false) == MagicBytes && magic.SequenceEqual("GGUF"u8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // whoever opens it to write is told why
        }
    }

    /// <summary>
    /// Plans under the options. Without a budget of the user's, a machine whose usual share is too small gets the smallest budget that
    /// works, provided that what is free and what this process holds already cover it; a notice says so.
    /// </summary>
    /// <exception cref="Models.Building.UnsupportedModelException">The model cannot run here.</exception>
    /// <exception cref="Models.Spec.LossyOptionException">The model cannot follow a lossy option.</exception>
    /// <exception cref="BudgetAboveLimitException">Machine or cgroup cannot give the budget.</exception>
    /// <exception cref="BudgetTooSmallException">The accounts do not fit; carries the sheet and the smallest budget.</exception>
    /// <exception cref="DraftModelException">The draft model has other tokens, or could not stay in memory.</exception>
    public PlannedModel Plan(ModelOptions options, IProgress<SessionNotice> notices)
    {
        DraftFile? draft = options.UsesDraftModel ? DraftFiles.Open(options.DraftModelPath!, _model.Metadata) : null;
        EnginePlan plan;
        try
        {
            plan = Divide(options.ToEngineOptions() with { DraftModel = draft }, notices);
        }
        catch
        {
            draft?.Files.Dispose();
            throw;
        }

        if (plan.DraftModel is null)
        {
            draft?.Files.Dispose();
            options = options with { DraftModelPath = null };
        }

        SamplingOptions sampling = FileSampling.Apply(_model.Metadata, options.Sampling, options.Explicit, out string? unusable);
        IEnumerable<string?> warnings =
        [
            unusable,
            Tokenizer?.Warning,
            UnusedTensors.Describe(UnusedTensors.Find(_model, plan.Spec)),
            plan.Context > plan.Spec.TrainedContext
                ? $"--context {plan.Context} is more than the {plan.Spec.TrainedContext} tokens this model was trained for: what it "
                + "writes beyond them may make no sense." : null,
            plan.LeftOutDraftModel is { } cost ? DraftFiles.Describe(cost) : null,
            plan.Lossy.Count > 0 ? $"{LossyText.Of(plan)}: results differ from the model's own." : null,
        ];
        foreach (string warning in warnings.OfType<string>())
        {
            notices.Report(new WarningNotice(warning));
        }

        return new PlannedModel(options with { Sampling = sampling }, _model.WithoutMetadata(), Tokenizer, TokenizerGap,
            plan)
        {
            Files = _open,
            Draft = plan.DraftModel,
        };
    }

    /// <summary>Closes the files: of a model that is not loaded. A loaded one closes them itself.</summary>
    public void Dispose() => _open.Dispose();

    private EnginePlan Divide(EngineOptions options, IProgress<SessionNotice> notices)
    {
        try
        {
            return DraftFiles.Plan(_model, options);
        }
        catch (BudgetTooSmallException e) when (options.BudgetBytes is null && MemoryLimits.Cover(e.SmallestBudgetBytes))
        {
            long budget = e.SmallestBudgetBytes;
            notices.Report(new WarningNotice($"Memory is short: using the smallest budget that works, {ByteSize.Format(budget)}, "
                + "instead of the usual share."));
            return DraftFiles.Plan(_model, options with { BudgetBytes = budget });
        }
    }
}
