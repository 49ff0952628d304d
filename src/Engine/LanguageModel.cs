using System.Runtime.CompilerServices;
using LayerStream.Actors.Run;
using LayerStream.Sampling;
using LayerStream.Session;

namespace LayerStream.Engine;

/// <summary>A model that is loaded and answers. Any thread may ask; answers beyond <see cref="LanguageModelOptions.Sequences"/> wait for
/// their turn.</summary>
public sealed class LanguageModel : IAsyncDisposable
{
    private readonly LoadedModel _model;

    private LanguageModel(LoadedModel model) => _model = model;

    /// <summary>Its name: that of the file, without ending.</summary>
    public string Name => _model.Id;

    /// <summary>Tokens of context of each answer, its prompt included.</summary>
    public int ContextTokens => _model.Engine.Context;

    /// <summary>The memory budget in bytes.</summary>
    public long MemoryBudgetBytes => _model.Plan.Sheet.BudgetBytes;

    /// <summary>How tokens are drawn where a request says nothing: as the file recommends.</summary>
    public SamplingOptions Sampling => _model.Options.Sampling;

    /// <summary>How the budget is divided: bytes of each account by its name.</summary>
    public IReadOnlyDictionary<string, long> Accounts => _model.Plan.Sheet.Accounts.ToDictionary(a => a.Name, a => a.LimitBytes);

    /// <summary>Bytes that each token reads from flash, as planned; 0 = the whole model stays in memory.</summary>
    public long StreamedBytesPerToken => _model.Plan.StreamedBytesPerToken;

    /// <summary>Values of the vector of a text; 0 = the model makes no embeddings.</summary>
    public int EmbeddingDimensions => TextEmbedding.IsMadeFor(_model.Engine.Spec) ? _model.Engine.Spec.Width : 0;

    /// <summary>Opens a file, divides the budget and loads what stays.</summary>
    /// <param name="options">Which model, and what it may take.</param>
    /// <param name="progress">Hears of what goes on, in words, also from other threads; null = nobody.</param>
    /// <param name="ct">Ends loading.</param>
    /// <exception cref="Memory.BudgetTooSmallException">The budget does not do; it names the smallest that does.</exception>
    /// <exception cref="Formats.ModelFormatException">The file is no model.</exception>
    /// <exception cref="Models.Building.UnsupportedModelException">The model needs what is not there; all of it is named.</exception>
    /// <exception cref="Storage.FlashReadException">Weights cannot be read.</exception>
    public static async Task<LanguageModel> LoadAsync(LanguageModelOptions options, IProgress<string>? progress = null,
        CancellationToken ct = default) =>
        new(await LoadedModel.OpenAsync(options.ToModelOptions(), new Notices(progress), ct));

    /// <summary>How many tokens a text has.</summary>
    public int CountTokens(string text) => Encode(text).Count;

    /// <summary>The tokens of a text; control tokens are not recognised in it.</summary>
    public IReadOnlyList<int> Encode(string text) => _model.RequireTokenizer().Encode(text, addSpecial: false, parseSpecial: false);

    /// <summary>The text of tokens.</summary>
    public string Decode(IReadOnlyList<int> tokens) => _model.RequireTokenizer().Decode([.. tokens], special: true);

    /// <summary>Answers, piece by piece; the last piece is the end. Who stops reading ends the answer.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="ct">Cuts the answer off.</param>
    /// <exception cref="ContextExceededException">The prompt is longer than the context.</exception>
    /// <exception cref="Templates.Runtime.TemplateException">The chat template refuses the conversation.</exception>
    /// <exception cref="LayerStream.Sampling.Grammars.States.GrammarException">A schema cannot be held to.</exception>
    /// <exception cref="UsageException">The model cannot do what is asked, such as a call that its form has no beginning for.</exception>
    /// <exception cref="Storage.FlashReadException">Weights cannot be read; the model goes on.</exception>
    /// <exception cref="OperationCanceledException">Cut off.</exception>
    public async IAsyncEnumerable<AnswerPiece> AnswerAsync(AnswerRequest request,
        [EnumeratorCancellation] CancellationToken ct = default)
    {
        PreparedAnswer prepared = PreparedAnswer.Of(_model, request);
        Generation generation = new(_model, prepared.Request);
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task<RunResult> running = generation.ExecuteAsync(cancel.Token);
        AnswerPieces pieces = new(prepared);
        try
        {
            await foreach (GenerationEvent item in generation.Events.ReadAllAsync(ct))
            {
                pieces.Add(item);
                while (pieces.TryTake(out AnswerPiece? piece))
                {
                    yield return piece;
                }
            }
        }
        finally
        {
            await cancel.CancelAsync();
            await Task.WhenAny(running); // whoever leaves waits for the engine's last step of this answer
        }

        RunResult result = await running;
        ct.ThrowIfCancellationRequested();
        pieces.Finish();
        while (pieces.TryTake(out AnswerPiece? piece))
        {
            yield return piece;
        }

        yield return pieces.End(result);
    }

    /// <summary>Answers as a whole.</summary>
    /// <returns>The text, without thought and calls. Errors: as <see cref="AnswerAsync"/>.</returns>
    public async Task<string> AskAsync(string question, CancellationToken ct = default)
    {
        System.Text.StringBuilder text = new();
        await foreach (AnswerPiece piece in AnswerAsync(new AnswerRequest { Turns = [ChatTurn.User(question)] }, ct))
        {
            text.Append(piece.Kind == AnswerPieceKind.Text ? piece.Text : "");
        }

        return text.ToString();
    }

    /// <summary>A text as a vector: the states behind the last layer, pooled as the model's file says, of length 1.</summary>
    /// <param name="text">The text; not empty.</param>
    /// <param name="dimensions">How many of the vector's first values to keep; 0 = all.</param>
    /// <param name="ct">Ends the run.</param>
    /// <exception cref="NotSupportedException">The model is none that makes embeddings: <see cref="EmbeddingDimensions"/> is 0.</exception>
    /// <exception cref="ContextExceededException">The text is longer than the context.</exception>
    /// <exception cref="Storage.FlashReadException">Weights cannot be read; the model goes on.</exception>
    public async Task<TextVector> EmbedAsync(string text, int dimensions = 0, CancellationToken ct = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        if (EmbeddingDimensions == 0)
        {
            throw new NotSupportedException($"'{Name}' writes text and makes no embeddings: its file names no way to pool them.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(dimensions);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dimensions, EmbeddingDimensions);
        int[] ids = _model.RequireTokenizer().Encode(text, addSpecial: true, parseSpecial: false);
        return ids.Length < ContextTokens
            ? new TextVector(await TextEmbedding.OfAsync(_model, ids, dimensions, ct), ids.Length)
            : throw new ContextExceededException(ids.Length, ContextTokens);
    }

    /// <summary>Ends the engine; an answer that goes on is cut off first.</summary>
    public ValueTask DisposeAsync() => _model.DisposeAsync();

    private sealed class Notices(IProgress<string>? progress) : IProgress<SessionNotice>
    {
        public void Report(SessionNotice value) => progress?.Report(value.ToString());
    }
}
