using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Models.Spec;
using LayerStream.Planning.Batches;
using LayerStream.Sampling;

namespace LayerStream.Session.Scoring;

/// <summary>
/// Answers closed questions from the logits behind their prompts, without generating. Questions share the sweeps over the weights, as
/// many at a time as the engine has states for, and what all of them begin with is read once.
/// </summary>
public static class Scorer
{
    private const int LeastShared = 32; // tokens; fewer are read sooner than a sweep ends

    /// <summary>Scores questions; the figures do not depend on which others there are.</summary>
    /// <param name="model">The model.</param>
    /// <param name="questions">The questions.</param>
    /// <param name="scope">Whose prompts may be shared with these; null = only these among themselves.</param>
    /// <param name="ct">Ends all of them.</param>
    /// <returns>A score for each, in order.</returns>
    /// <exception cref="TokenWithoutRowException">The model has no row for a token.</exception>
    /// <exception cref="ContextExceededException">A prompt does not fit.</exception>
    /// <exception cref="UnusableOutputException">Logits are no numbers.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<QuestionScore[]> ScoreAsync(
        LoadedModel model, IReadOnlyList<Question> questions, string? scope, CancellationToken ct)
    {
        scope ??= Guid.NewGuid().ToString("N");
        foreach (Question question in questions)
        {
            Check(model.Engine, question);
        }

        using CancellationTokenSource failed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        int shared = SharedTokens(questions);
        if (questions.Count > 1 && shared >= LeastShared && !IsReadOnTheWay(model.Engine, shared, questions.Count))
        {
            await model.Engine.RunAsync(Reading([.. questions[0].Prompt.Take(shared)], scope), failed.Token);
        }

        bool givesWay = questions.Count > 1; // others need not wait until all of them are seated
        Task<QuestionScore>[] running = [.. questions.Select(q => ScoreAsync(model, q, scope, givesWay, failed.Token))];
        try
        {
            await foreach (Task<QuestionScore> done in Task.WhenEach(running).WithCancellation(CancellationToken.None))
            {
                await done;
            }
        }
        catch
        {
            await failed.CancelAsync(); // none of the others is wanted any more
            await Task.WhenAll(running).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }

        return await Task.WhenAll(running);
    }

    /// <summary>Tokens that all prompts begin with, and each has more of.</summary>
    public static int SharedTokens(IReadOnlyList<Question> questions)
    {
        if (questions.Count == 0)
        {
            return 0;
        }

        KeptTokens first = new([.. questions[0].Prompt.SkipLast(1)], null);
        return questions.Min(q => first.ResumeAt(q.Prompt));
    }

    /// <summary>Whether the first question reads it, and the others go on behind its rows in the same pass. What lies behind full pages is
    /// read by each of them, which must cost less than the sweep that is spared.</summary>
    private static bool IsReadOnTheWay(Engine engine, int shared, int questions)
    {
        int over = shared % KeptPieces.PageTokens, together = Math.Min(questions, engine.CurrentPlan.Memory.Sequences);
        return engine.SharesWithinPass && KeptTokens.FullPages(shared) > 0 && over * together <= shared / 2;
    }

    private static void Check(Engine engine, Question question)
    {
        TokenWithoutRowException.ThrowIfAny([.. question.Prompt, .. question.FirstTokens], engine.Spec.Vocabulary);
        if (question.Prompt.Count >= engine.Context)
        {
            throw new ContextExceededException(question.Prompt.Count, engine.Context);
        }
    }

    private static async Task<QuestionScore> ScoreAsync(LoadedModel model, Question question, string scope, bool givesWay,
        CancellationToken ct)
    {
        double[] found = [];
        RunRequest request = Reading(question.Prompt, scope) with
        {
            MaxTokens = 1,
            IsBackground = givesWay,
            Sample = (logits, _) =>
            {
                found = Of(logits, question.FirstTokens);
                return question.FirstTokens[0]; // ends the run; nothing is computed from it
            },
        };
        try
        {
            RunResult result = await model.Engine.RunAsync(request, ct);
            ct.ThrowIfCancellationRequested();
            return new QuestionScore(found, Among(found), result.CachedTokens);
        }
        catch (InvalidLogitsException e)
        {
            throw new UnusableOutputException(e.Token, model.Options.KvType, e);
        }
    }

    /// <summary>A run that reads a prompt and ends.</summary>
    private static RunRequest Reading(IReadOnlyList<int> prompt, string scope) => new()
    {
        Prompt = prompt,
        MaxTokens = 0,
        Sample = (_, _) => throw new InvalidOperationException("a run that only reads draws no token"),
        OnToken = _ => true,
        ReuseScope = scope,
    };

    private static double[] Of(ReadOnlySpan<float> logits, IReadOnlyList<int> tokens)
    {
        InvalidLogitsException.ThrowIfAny(logits);
        double normalizer = LogProbabilities.Normalizer(logits);
        if (double.IsNaN(normalizer))
        {
            throw new InvalidLogitsException(-1, float.NegativeInfinity);
        }

        double[] found = new double[tokens.Count];
        for (int i = 0; i < found.Length; i++)
        {
            found[i] = logits[tokens[i]] - normalizer;
        }

        return found;
    }

    private static double[] Among(double[] logProbabilities)
    {
        double best = logProbabilities.Max();
        double[] weights = [.. logProbabilities.Select(p => double.IsNegativeInfinity(best) ? 1 : Math.Exp(p - best))];
        double sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }
}
