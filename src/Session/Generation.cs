using System.Collections.Frozen;
using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using LayerStream.Actors.Run;
using LayerStream.Models.Spec;
using LayerStream.Planning.Drafts;
using LayerStream.Sampling;
using LayerStream.Sampling.Grammars;
using LayerStream.Tokenization;

namespace LayerStream.Session;

/// <summary>
/// One generation of a loaded model with sampling, detokenizing and stop rules: the compute thread writes events, whoever shows
/// the answer reads them at its own pace. No more events than tokens, so a slow reader costs its own answer's memory only.
/// </summary>
public sealed class Generation
{
    private readonly Channel<GenerationEvent> _events =
        Channel.CreateUnbounded<GenerationEvent>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly LoadedModel _model;
    private readonly GenerationRequest _request;
    private readonly StopRules _stop;
    private readonly IncrementalDetokenizer? _detokenizer;
    private readonly long _accepted = Stopwatch.GetTimestamp();
    private SamplerChain? _sampler;
    private long _firstToken;
    private int _generated;
    private int _read;
    private bool _isStopped;

    /// <summary>Checks the request. Large buffers are made when it runs, not before.</summary>
    /// <exception cref="TokenWithoutRowException">The model has no row for a token of the prompt.</exception>
    public Generation(LoadedModel model, GenerationRequest request)
    {
        TokenWithoutRowException.ThrowIfAny(request.Prompt, model.Engine.Spec.Vocabulary);
        _model = model;
        _request = request;
        _stop = new StopRules(model.Tokenizer?.EndOfGeneration ?? FrozenSet<int>.Empty, request.Stop, request.IgnoreEos);
        _detokenizer = model.Tokenizer is null ? null : new IncrementalDetokenizer(model.Tokenizer, visible: request.VisibleTokens);
    }

    /// <summary>Pieces of text and progress; completes when the run has ended. Without a tokenizer the texts are empty.</summary>
    public ChannelReader<GenerationEvent> Events => _events.Reader;

    /// <summary>Stopwatch ticks of the first token; 0 = none yet.</summary>
    public long FirstTokenTicks => Volatile.Read(ref _firstToken);

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens => _request.Prompt.Count;

    /// <summary>Of them, those that were read so far or were in memory.</summary>
    public int ReadTokens => GeneratedTokens > 0 ? PromptTokens : Volatile.Read(ref _read);

    /// <summary>Tokens that may be generated: what was asked for, as far as the context holds it.</summary>
    public int MostTokens => Math.Min(_request.MaxTokens, Math.Max(0, _model.Engine.Context - PromptTokens));

    /// <summary>Tokens generated so far.</summary>
    public int GeneratedTokens => Volatile.Read(ref _generated);

    /// <summary>Runs to the end; call once.</summary>
    /// <exception cref="UnusableOutputException">Logits are no numbers.</exception>
    /// <exception cref="Exception">As <see cref="Actors.Engine.RunAsync(RunRequest, CancellationToken)"/>.</exception>
    public async Task<RunResult> ExecuteAsync(CancellationToken ct)
    {
        try
        {
            GrammarStep? grammar = _request.Grammar is not { } texts ? null
                : new GrammarStep(texts, _model.TokenTexts, _request.Thought, _request.IgnoreEos ? int.MaxValue : MostTokens);
            SamplerChain sampler = _sampler = CreateSampler(
                _model.Tokenizer, _request.Sampling, _model.Engine.Spec.Vocabulary, FurtherSteps(grammar));
            RunResult result = await _model.Engine.RunAsync(
                new RunRequest
                {
                    Prompt = _request.Prompt,
                    MaxTokens = _request.MaxTokens,
                    Sample = sampler.Sample,
                    Drafter = grammar is null || _model.Options.Drafts == DraftMode.Off ? null : new GrammarDrafter(grammar),
                    DraftDraws = _model.Options.UsesDraftModel ? DrawsAhead(sampler) : null,
                    OnToken = Take,
                    OnPrompt = TakePrompt,
                    Routes = _request.Routes,
                    AcceptedTicks = _accepted,
                    ReuseScope = _request.ReuseScope,
                    IsBackground = _request.IsBackground,
                },
                ct);
            if (!_isStopped)
            {
                StopDecision last = _stop.Append(_detokenizer?.Flush() ?? "");
                Write(last.Text);
                Write(last.Stop ? "" : _stop.Flush());
            }

            return result with { StopText = _stop.MatchedString };
        }
        catch (InvalidLogitsException e)
        {
            throw new UnusableOutputException(e.Token, _model.Options.KvType, e);
        }
        finally
        {
            _events.Writer.TryComplete();
        }
    }

    /// <summary>
    /// Runs one generation to its end and collects the answer; <paramref name="show"/> sees each event on the caller's side. If it
    /// throws, the run is cancelled and has ended before the exception leaves. Errors: as <see cref="ExecuteAsync"/>.
    /// </summary>
    public static async Task<Reply> AnswerAsync(LoadedModel model, GenerationRequest request, Action<GenerationEvent>? show,
        CancellationToken ct)
    {
        Generation generation = new(model, request);
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task<RunResult> running = generation.ExecuteAsync(cancel.Token);
        StringBuilder text = new();
        List<TokenLogProbabilities> probabilities = [];
        try
        {
            await foreach (GenerationEvent item in generation.Events.ReadAllAsync(CancellationToken.None))
            {
                text.Append(item.Text);
                if (item.LogProbabilities is { } found)
                {
                    probabilities.Add(found);
                }

                show?.Invoke(item);
            }
        }
        catch
        {
            await cancel.CancelAsync();
            await Task.WhenAny(running);
            throw;
        }

        return new Reply(await running, text.ToString(), probabilities);
    }

    /// <summary>A sampler with the tokens the file forbids masked, and further steps behind that.</summary>
    public static SamplerChain CreateSampler(
        Tokenizer? tokenizer, SamplingOptions sampling, int vocabulary, IReadOnlyList<ISamplerStep>? more = null)
    {
        ISamplerStep[] masks = tokenizer is { SuppressedIds.Count: > 0 } t ? [new SuppressStep(t.SuppressedIds)] : [];
        Func<int, ReadOnlyMemory<byte>>? texts = tokenizer is null ? null : id => tokenizer.PieceBytes(id).ToArray();
        return new SamplerChain(sampling, texts, [.. masks, .. more ?? []], vocabulary);
    }

    private ISamplerStep[] FurtherSteps(GrammarStep? grammar) =>
    [
        .. grammar is null ? (ISamplerStep[])[] : [grammar],
        .. _request.ThoughtBudget is { } budget ? (ISamplerStep[])[new ThoughtBudgetStep(budget, _model.TokenTexts)] : [],
    ];

    private void TakePrompt(int done, int total)
    {
        Volatile.Write(ref _read, done);
        if (_request.ReportsPrompt)
        {
            _events.Writer.TryWrite(new GenerationEvent(null, done, total));
        }
    }

    /// <summary>A second sampler that draws as the first one will, but for what a grammar or a budget of thought forbids.</summary>
    private DraftDraws DrawsAhead(SamplerChain sampler)
    {
        SamplerChain ahead = CreateSampler(
            _model.Tokenizer, _request.Sampling with { LogProbabilities = null }, _model.Engine.Spec.Vocabulary);
        return new DraftDraws(() => ahead.DrawAs(sampler), ahead.Sample);
    }

    private bool Take(int id)
    {
        Volatile.Write(ref _generated, _generated + 1);
        if (_firstToken == 0)
        {
            Volatile.Write(ref _firstToken, Stopwatch.GetTimestamp());
        }

        Tokenizer? tokenizer = _model.Tokenizer;
        bool isEnd = !_request.IgnoreEos && tokenizer is not null && tokenizer.EndOfGeneration.Contains(id);
        // Rows behind the vocabulary are padding without a text.
        StopDecision decision = _stop.Check(id, isEnd || _detokenizer is null
            || id >= tokenizer!.VocabularySize ? "" : _detokenizer.Append(id));
        _isStopped = decision.Stop;
        Write(decision.Text, _sampler!.LogProbabilities, isEnd);
        return decision.Stop;
    }

    private void Write(string text, TokenLogProbabilities? probabilities = null, bool isEnd = false)
    {
        if (text.Length > 0 || probabilities is not null)
        {
            _events.Writer.TryWrite(new GenerationEvent(text, LogProbabilities: probabilities, IsEnd: isEnd));
        }
    }

    private sealed class SuppressStep(IReadOnlyList<int> ids) : ISamplerStep
    {
        public string Name => "suppress";

        public void Apply(SamplerContext context)
        {
            foreach (int id in ids)
            {
                if ((uint)id < (uint)context.Logits.Length)
                {
                    context.Mask(id);
                }
            }
        }
    }
}
