using System.CommandLine;
using System.Globalization;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Actors.Tracing;
using LayerStream.Formats.Routes;
using LayerStream.Host.Options;
using LayerStream.Host.Remote;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Planning;
using LayerStream.Sampling;
using LayerStream.Sampling.Grammars;
using LayerStream.Session;
using LayerStream.Session.Outlook;
using LayerStream.Session.Reports;
using LayerStream.Storage;
using LayerStream.Templates;
using LayerStream.Tokenization;

namespace LayerStream.Host.Verbs;

/// <summary><c>run</c>: one prompt, one answer.</summary>
public static class RunVerb
{
    private const long GrammarHeapBytes = Grammar.HeldBytes + (6 << 20); // with the vocabulary as a trie
    private const long RoutesHeapBytes = 4 << 20; // routing of a batch, before it is written token by token

    private static readonly Argument<string?> s_prompt = new("prompt")
    {
        Description = "the prompt; - reads it from standard input",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<bool> s_raw = new("--raw") { Description = "continue the text as it is, without the chat template" };
    private static readonly Option<string?> s_ids = new("--ids") { Description = "token ids instead of a prompt: 1,2,3 or @FILE" };
    private static readonly Option<int> s_maxTokens =
        CheckedOption.Whole("--max-tokens", "most tokens to generate", 1, int.MaxValue, usual: 256);
    private static readonly Option<bool> s_ignoreEos = new("--ignore-eos") { Description = "go on after an end token" };
    private static readonly Option<int?> s_logprobs = CheckedOption.WholeOrNone("--logprobs",
        $"report each token's log-probability and N alternatives (0 to {SamplingOptions.MostAlternatives}), with --json",
        0, SamplingOptions.MostAlternatives);

    private const string TraceOff = "off";

    private static readonly Option<string?> s_trace = new("--trace")
    {
        Description = "save the trace of the run to this file; off = record none",
    };

    private static readonly Option<string?> s_routes =
        new("--routes") { Description = "save which experts every token went to (.route.csv.gz, for replay)" };

    private static readonly GrammarFlags s_grammar = new("--json-schema", "--grammar");
    private static readonly DaemonFlags s_daemon = new();

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("run", "Answers one prompt.")
        {
            s_prompt, s_raw, s_ids, s_maxTokens, s_ignoreEos, s_logprobs, s_trace, s_routes,
        };
        s_grammar.AddTo(verb);
        s_daemon.AddTo(verb);
        verb.ShowExamples(
            "layerstream run \"Tell me about the sea.\" --memory-budget 160MiB --context 512",
            "layerstream run - --model models/big.gguf --max-tokens 500 < question.txt",
            "layerstream run \"Name a colour.\" --choices red --choices blue --json",
            "layerstream run \"Why is the sky blue?\" --daemon http://127.0.0.1:5099");
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        string? prompt = parse.GetValue(s_prompt), ids = parse.GetValue(s_ids);
        if ((prompt is null) == (ids is null))
        {
            throw new UsageException(prompt is null ? "run takes a prompt, - to read it from standard input, or --ids."
                : "run takes either a prompt or --ids, not both.");
        }

        int most = parse.GetValue(s_maxTokens);

        prompt = prompt == "-" ? PromptInput.Read() : prompt;
        if (s_daemon.Open(parse, s_raw, s_ids, s_logprobs, s_trace, s_routes) is { } daemon)
        {
            using (daemon)
            {
                RemoteRequest asked = RemoteRun.With(new RemoteRequest
                {
                    Model = DaemonFlags.ModelName(parse),
                    Messages = [new ChatMessage(ChatMessage.User, prompt!)],
                    MaxTokens = most,
                    IgnoreEos = parse.GetValue(s_ignoreEos) ? true : null,
                }, s_grammar.Given(parse));
                return await RemoteRun.RunAsync(daemon, asked, CommonOptions.Bind(parse, ""), ct);
            }
        }

        return await RunHereAsync(parse, prompt, ids, most, ct);
    }

    private static async Task<int> RunHereAsync(ParseResult parse, string? prompt, string? ids, int most, CancellationToken ct)
    {
        string? traceFile = parse.GetValue(s_trace);
        ModelOptions options = WithLogProbabilities(CommonOptions.Bind(parse), parse.GetValue(s_logprobs));
        Grammar? grammar = s_grammar.Read(parse);
        int[]? given = ids is null ? null : TokenIds.Parse(ids, options.Context);
        string? read = ids is ['@', ..] ? ids[1..] : null;
        using TransientFile? traceOutput = traceFile is null or TraceOff ? null : OutputPlace.Create(s_trace.Name, traceFile, read);
        await using TransientFile? routesOutput = OutputPlace.Create(s_routes, parse, traceOutput is null ? null : traceFile, read);
        Reply reply;
        EnginePlan plan;
        SpeedTracker speed;
        Tokenizer? tokenizer;
        TraceFile? trace = null;
        IReadOnlyList<string> files;
        options = options with
        {
            RecordsTrace = traceFile != TraceOff,
            ExtraHeapBytes = (routesOutput is null ? 0 : RoutesHeapBytes) + (grammar is null ? 0 : GrammarHeapBytes),
        };
        await using (LoadedModel model = await LoadedModel.OpenAsync(options, new TerminalNotices(options), ct))
        {
            plan = model.Plan;
            tokenizer = model.Tokenizer;
            files = model.Model.Files;
            speed = new SpeedTracker(plan, options, files, 0);
            speed.StartTuning(model.Engine);
            AnswerScreen screen = AnswerScreen.OfConsole();
            (int[] tokens, AnswerThought? thought, AnswerView view) = given is null ? Encode(model, prompt!, parse.GetValue(s_raw), screen)
                : (given, null, new AnswerView(screen));
            GenerationRequest request = new()
            {
                Prompt = tokens,
                MaxTokens = most,
                Sampling = model.Options.Sampling,
                Stop = model.Options.Stop,
                IgnoreEos = parse.GetValue(s_ignoreEos),
                VisibleTokens = view.SplitsThought ? model.MarkTokens : null,
                ReportsPrompt = PromptLine.IsWanted(model.Options, tokens.Length),
                Grammar = grammar,
                Thought = thought,
                ReuseScope = options.StateFolder is null ? null : "",
            };
            using (view)
            {
                reply = await GenerateAsync(model, request, routesOutput, view, ct);
                if (!options.Json)
                {
                    view.End();
                }
            }

            speed.Add(model.Engine.Tuned);
            trace = traceFile is null or TraceOff ? null : model.Engine.CaptureTrace(0);
        }

        speed.Add(reply.Result);
        speed.Save();
        Write(reply, plan, tokenizer, options.Json);
        if (trace is not null)
        {
            traceOutput!.Charge(plan.Sheet.Account(AccountNames.WrittenFiles));
            SaveTrace(trace, traceOutput, files, plan); // last, so that a full disk does not take the answer with it
        }

        return reply.Result.FinishReason == "cancelled" ? Failures.Interrupted : Failures.Success;
    }

    private static void Write(Reply reply, EnginePlan plan, Tokenizer? tokenizer, bool isJson)
    {
        if (isJson)
        {
            StandardOutput.WriteJson(RunReport.Of(reply, plan, tokenizer), ReportJson.Default.RunReport);
        }
        else
        {
            Console.Error.WriteLine(Stats(reply.Result, plan));
        }
    }

    private static ModelOptions WithLogProbabilities(ModelOptions options, int? alternatives) =>
        alternatives is null ? options
        : options.Json ? options with { Sampling = SamplingFlags.Checked(options.Sampling with { LogProbabilities = alternatives }) }
        : throw new UsageException("--logprobs needs --json.");

    private static async Task<Reply> GenerateAsync(
        LoadedModel model, GenerationRequest request, TransientFile? routesOutput, AnswerView view, CancellationToken ct)
    {
        Action<GenerationEvent>? show = model.Options.Json ? null : view.Show;
        if (routesOutput is null)
        {
            return await Generation.AnswerAsync(model, request, show, ct);
        }

        RouteHeader header = model.Plan.RouteHeader ?? throw new UsageException("--routes needs a model with experts.");
        routesOutput.Charge(model.FilesAccount);
        await using (routesOutput)
        {
            using RouteTraceWriter routes = new(routesOutput, header);
            return await Generation.AnswerAsync(model, request with { Routes = routes }, show, ct);
        }
    }

    private static (int[] Ids, AnswerThought? Thought, AnswerView View) Encode(LoadedModel model, string prompt, bool raw,
        AnswerScreen screen)
    {
        Tokenizer tokenizer = model.RequireTokenizer();
        if (raw || (tokenizer.ChatTemplate is null && model.Options.ChatTemplate is null))
        {
            return (tokenizer.Encode(prompt, addSpecial: true, parseSpecial: true), null, new AnswerView(screen));
        }

        RenderedPrompt rendered = ChatPrompt.Render(tokenizer, model.Template, [("user", prompt)]);
        return (ChatPrompt.Encode(tokenizer, rendered, model.Options.ParseMessages),
            AnswerThoughts.Of(tokenizer, rendered, model.AnswerFormat),
            new AnswerView(screen, model.AnswerFormat, model.AnswerFormat.OpensThought(rendered.Text)));
    }

    private static void SaveTrace(TraceFile trace, Stream output, IReadOnlyList<string> files, EnginePlan plan)
    {
        using FlashDevice device = FlashDevice.Open(files);
        double rate = DeviceProbe.MeasureBytesPerSecond(device, TimeSpan.FromSeconds(0.5), plan.MeasuringAccount(), 1 << 20);
        (trace with { DeviceBytesPerSecond = rate }).Save(output);
    }

    /// <summary>The line of figures after an answer.</summary>
    public static string Stats(RunResult r, EnginePlan plan)
    {
        int passes = Math.Max(0, r.GeneratedTokens - 1);
        double prefill = r.PromptSeconds > 0 ? r.PromptTokens / r.PromptSeconds : 0,
            decode = r.DecodeSeconds > 0 ? passes / r.DecodeSeconds : 0;
        string experts = r.ExpertHits + r.ExpertMisses == 0 ? ""
            : string.Create(CultureInfo.InvariantCulture, $", experts {r.ExpertHitRate:P0} in memory");
        string lossy = plan.Lossy.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $", {LossyText.Of(plan)} ({r.ExpertsSkipped} choices of experts skipped)");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"prompt {r.PromptTokens} tokens {prefill:F1}/s, answer {r.GeneratedTokens} tokens {decode:F2}/s ({r.FinishReason}), "
                + $"{ByteSize.Format((long)r.BytesPerToken)} streamed per token{experts}, overlap {r.OverlapShare:P0}, peak memory "
                + $"{ByteSize.Format(PeakMemory.Bytes())}{lossy}");
    }
}
