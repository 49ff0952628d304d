using System.CommandLine;
using System.Text;
using LayerStream.Actors.Run;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Storage;
using LayerStream.Templates.Runtime;

namespace LayerStream.Host.Verbs;

/// <summary><c>chat</c>: a conversation, one line of stdin per turn.</summary>
public static class ChatVerb
{
    private static readonly Option<int> s_maxTokens = new("--max-tokens") { Description = "most tokens of one answer",
        DefaultValueFactory = _ => 512 };
    private static readonly Option<string?> s_system = new("--system") { Description = "system message in front of the conversation" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("chat", "Holds a conversation (/reset starts over, /exit ends).") { s_maxTokens, s_system };
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        int most = parse.GetValue(s_maxTokens);
        if (most < 1)
        {
            throw new UsageException("--max-tokens must be at least 1.");
        }

        ModelOptions options = CommonOptions.Bind(parse) with { Converses = true };
        using AnswerInterrupt interrupt = new(Interrupts.Current ?? throw new InvalidOperationException("no verb runs"));
        await using LoadedModel model = await LoadedModel.OpenAsync(options, new TerminalNotices(options), ct);
        ChatSession session = new(model, parse.GetValue(s_system), most);
        bool person = !Console.IsInputRedirected;
        if (person && !options.Quiet)
        {
            Console.Error.WriteLine("/reset starts over, /exit or end of input ends, Ctrl-C stops an answer.");
        }

        using StreamReader? piped = person ? null : new(StandardStreams.OpenInput(), new UTF8Encoding(false));
        while (true)
        {
            if (person)
            {
                Console.Error.Write("> ");
            }

            string? line = piped is null ? Console.ReadLine() : piped.ReadLine();
            switch (line?.Trim())
            {
                case null or "/exit":
                    return Failures.Success;
                case "":
                    break;
                case "/reset":
                    session.Reset();
                    Console.Error.WriteLine("The conversation starts over.");
                    break;
                default:
                    await AnswerAsync(session, interrupt, line, model);
                    break;
            }
        }
    }

    private static async Task AnswerAsync(ChatSession session, AnswerInterrupt interrupt, string line, LoadedModel model)
    {
        ModelOptions options = model.Options;
        try
        {
            Reply reply = await interrupt.RunAsync(ct => session.AskAsync(line, options.Json ? null : AnswerText.Show, ct));
            if (options.Json)
            {
                StandardOutput.WriteJson(json =>
                {
                    json.WriteString("text", reply.Text);
                    json.WriteNumber("promptTokens", reply.Result.PromptTokens);
                    json.WriteNumber("generatedTokens", reply.Result.GeneratedTokens);
                    json.WriteString("finishReason", reply.Result.FinishReason);
                    JsonOut.WriteLossy(json, model.Plan);
                });
                return;
            }

            Console.Out.WriteLine();
            if (!options.Quiet)
            {
                Console.Error.WriteLine(RunVerb.Stats(reply.Result, model.Plan));
            }
        }
        catch (ContextExceededException e)
        {
            Console.Error.WriteLine($"{Failures.Describe(e)} In this conversation: /reset.");
        }
        catch (Exception e) when (e is FlashReadException or TemplateException or OperationCanceledException)
        {
            Failures.Report(e); // the engine goes on, and so does the conversation
        }
    }
}
