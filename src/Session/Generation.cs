using System.Collections.Frozen;
using System.Text;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Formats.Routes;
using LayerStream.Sampling;
using LayerStream.Tokenization;

namespace LayerStream.Session;

/// <summary>One reply: the figures of the run, the text, and what was asked for of every token's probability (empty if nothing).</summary>
public sealed record Reply(RunResult Result, string Text, IReadOnlyList<TokenLogProbabilities> LogProbabilities);

/// <summary>Runs one generation of a loaded model with sampling, detokenizing and stop rules.</summary>
public static class Generation
{
    /// <summary>
    /// Generates after <paramref name="prompt"/>. <paramref name="onText"/> receives text as it becomes safe to show, on the
    /// compute thread. Without a tokenizer the text is empty. Errors: as <see cref="Engine.RunAsync(RunRequest, CancellationToken)"/>.
    /// </summary>
    public static async Task<Reply> RunAsync(
        LoadedModel model, IReadOnlyList<int> prompt, int maxTokens, bool ignoreEos, Action<string>? onText, CancellationToken ct, RouteTraceWriter? routes = null)
    {
        TokenIds.Check(prompt, model.Engine.Spec.Vocabulary);
        Tokenizer? tokenizer = model.Tokenizer;
        SamplerChain sampler = CreateSampler(tokenizer, model.Options.Sampling, model.Engine.Spec.Vocabulary);
        StopRules rules = new(tokenizer?.EndOfGeneration ?? FrozenSet<int>.Empty, model.Options.Stop, ignoreEos);
        IncrementalDetokenizer? detokenizer = tokenizer is null ? null : new(tokenizer);
        StringBuilder text = new();
        List<TokenLogProbabilities> probabilities = [];
        bool stopped = false;
        void Emit(string piece)
        {
            if (piece.Length > 0)
            {
                text.Append(piece);
                onText?.Invoke(piece);
            }
        }

        bool OnToken(int id)
        {
            if (sampler.LogProbabilities is { } found)
            {
                probabilities.Add(found);
            }

            bool isEnd = !ignoreEos && tokenizer is not null && tokenizer.EndOfGeneration.Contains(id);
            StopDecision decision = rules.Check(id, isEnd || detokenizer is null || id >= tokenizer!.VocabularySize ? "" : detokenizer.Append(id));
            stopped = decision.Stop;
            Emit(decision.Text);
            return decision.Stop;
        }

        RunResult result = await model.Engine.RunAsync(
            new RunRequest
            {
                Prompt = prompt,
                MaxTokens = maxTokens,
                Sample = sampler.Sample,
                OnToken = OnToken,
                OnPrompt = PromptProgress.For(model.Options, prompt.Count),
                Routes = routes,
            },
            ct);
        if (!stopped)
        {
            StopDecision last = rules.Append(detokenizer?.Flush() ?? "");
            Emit(last.Text);
            Emit(last.Stop ? "" : rules.Flush());
        }

        return new Reply(result, text.ToString(), probabilities);
    }

    /// <summary>A sampler with the tokens the file forbids masked.</summary>
    public static SamplerChain CreateSampler(Tokenizer? tokenizer, SamplingOptions sampling, int vocabulary)
    {
        ISamplerStep[] masks = tokenizer is { SuppressedIds.Count: > 0 } t ? [new SuppressStep(t.SuppressedIds)] : [];
        Func<int, ReadOnlyMemory<byte>>? texts = tokenizer is null ? null : id => tokenizer.PieceBytes(id).ToArray();
        return new SamplerChain(sampling, texts, masks, vocabulary);
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
