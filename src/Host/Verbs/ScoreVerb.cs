using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using LayerStream.Actors;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Session;
using LayerStream.Session.Reports;
using LayerStream.Session.Scoring;
using LayerStream.Tokenization;

namespace LayerStream.Host.Verbs;

/// <summary><c>score</c>: many closed questions, a probability for each of their answers, in as few sweeps as there is room for.</summary>
public static class ScoreVerb
{
    private const int Window = 256;             // questions at a time: so many are held in memory
    private const long WindowHeapBytes = 24 << 20;
    private const long RuntimeBytes = 58L << 20; // template and tokenizer have run before the plan is made, more or less by the questions
    private const int MostWindowTokens = 1 << 20;
    private const int MostTogether = 64; // questions in a pass
    private const int ContextStep = 128;

    private static readonly Argument<string> s_in = new("file")
    {
        Description = "lines {\"prompt\" or \"messages\",\"choices\",\"id\"}; "
        + "- reads standard input"
    };

    private static readonly Option<string?> s_out =
        new("--out") { Description = "file for the lines of scores (default: standard output)" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("score", "Answers closed questions: a probability for each choice, without generating.") { s_in, s_out };
        verb.ShowExamples(
            "layerstream score questions.jsonl --out scores.jsonl",
            "layerstream score - --model models/big.gguf --memory-budget 4GiB < questions.jsonl");
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        string path = parse.GetRequiredValue(s_in);
        ModelOptions options = CommonOptions.Bind(parse).WithoutDrafts();
        using TransientFile? file = path == "-" ? null : TransientFile.OpenRead(path);
        await using TransientFile? output = OutputPlace.Create(s_out, parse, file is null ? null : path);
        using StreamReader reader = new(file ?? StandardStreams.OpenInput(), new UTF8Encoding(false));
        ModelFile opened = ModelFile.Open(options.ModelPath);
        Tokenizer tokenizer = opened.Tokenizer
            ?? throw new UsageException($"This model has no usable tokenizer ({opened.TokenizerGap}): questions cannot be read.");
        QuestionReader questions = new(reader, tokenizer, TemplateSource.Read(options.ChatTemplate, tokenizer), options.ParseMessages);
        IReadOnlyList<QuestionEntry> window = questions.Read(Window, MostWindowTokens);
        options = Fitted(options, window) with { ExtraHeapBytes = WindowHeapBytes, LeastRuntimeBytes = RuntimeBytes };
        await using LoadedModel model = await opened.Plan(options, new TerminalNotices(options))
            .LoadAsync(new TerminalNotices(options), ct);
        file?.Charge(model.FilesAccount);
        output?.Charge(model.FilesAccount);
        using BufferedStream lines = new((Stream?)output ?? StandardOutput.Open(), 1 << 14);
        int done = 0, failed = 0;
        EngineStatus before = model.Engine.Status();
        long began = Stopwatch.GetTimestamp();
        for (; window.Count > 0; window = questions.Read(Window, MostWindowTokens))
        {
            foreach (QuestionReport report in await ScoreAsync(model, window, ct))
            {
                failed += report.Error is null ? 0 : 1;
                JsonOut.Write(lines, report, ReportJson.Default.QuestionReport);
            }

            await lines.FlushAsync(ct);
            done += window.Count;
            if (!options.Quiet && !options.Json)
            {
                Console.Error.WriteLine(Figures(done, Stopwatch.GetElapsedTime(began), before, model.Engine.Status()));
            }
        }

        return failed == 0 ? Failures.Success : Failures.Failed;
    }

    private static string Figures(int questions, TimeSpan time, EngineStatus before, EngineStatus now) => string.Create(
        CultureInfo.InvariantCulture,
        $"{questions} questions in {time.TotalSeconds:F1} s: {now.Passes - before.Passes} passes with {now.PassRows - before.PassRows} "
            + $"rows, "
        + $"{ByteSize.Format(now.BytesRead - before.BytesRead)} read in {now.LoadSeconds - before.LoadSeconds:F1} s, computed "
        + $"{now.ComputeSeconds - before.ComputeSeconds:F1} s");

    /// <summary>Without a context of the user's, what the first questions need: a state of more tokens would take memory from
    /// others.</summary>
    private static ModelOptions Fitted(ModelOptions options, IReadOnlyList<QuestionEntry> window)
    {
        int longest = window.Max(e => (int?)e.Question?.Prompt.Count) ?? 0;
        Question[] questions = [.. window.Select(e => e.Question).OfType<Question>()];
        ModelOptions fitted = options.Explicit.Contains("sequences") ? options : options with
        {
            Sequences = 0,
            MostSequences = Math.Min(questions.Length, MostTogether),
            SharedTokens = Scorer.SharedTokens(questions),
        };
        return longest == 0 || options.Explicit.Contains("context") ? fitted
            : fitted with { Context = (longest + ContextStep) / ContextStep * ContextStep };
    }

    private static async Task<IReadOnlyList<QuestionReport>> ScoreAsync(
        LoadedModel model, IReadOnlyList<QuestionEntry> window, CancellationToken ct)
    {
        int context = model.Engine.Context;
        QuestionEntry[] entries = [.. window.Select(e => e.Question is { } q && q.Prompt.Count >= context ? e with
        {
            Question = null,
            Error = $"line {e.Line}: the prompt has {q.Prompt.Count} tokens, and --context {context} has room for one less than that; "
                + "give a larger one",
        } : e)];
        Question[] whole = [.. entries.Select(e => e.Question).OfType<Question>()];
        Queue<QuestionScore> scores = new(await Scorer.ScoreAsync(model, whole, scope: null, ct));
        return [.. entries.Select(e => e.Question is { } q ? QuestionReport.Of(e.Id, q, scores.Dequeue())
            : new QuestionReport { Id = e.Id, Error = e.Error })];
    }
}
