using System.CommandLine;
using System.Text;
using LayerStream.Actors.Run;
using LayerStream.Host.Options;
using LayerStream.Host.Remote;
using LayerStream.Host.Terminal;
using LayerStream.Session;
using LayerStream.Storage;
using LayerStream.Templates.Runtime;

namespace LayerStream.Host.Verbs;

/// <summary><c>chat</c>: a conversation; what is said in it beside messages is a row of <see cref="ChatCommands"/>.</summary>
public static class ChatVerb
{
    private static readonly Option<int> s_maxTokens =
        CheckedOption.Whole("--max-tokens", "most tokens of one answer", 1, int.MaxValue, usual: 512);
    private static readonly Option<string?> s_system = new("--system") { Description = "system message in front of the conversation" };

    private static readonly DaemonFlags s_daemon = new();

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("chat", "Holds a conversation (/help shows its commands).") { s_maxTokens, s_system };
        s_daemon.AddTo(verb);
        verb.ShowExamples(
            "layerstream chat --system \"Answer in one sentence.\"",
            "layerstream chat --model models/big.gguf --memory-budget 4GiB --state-dir states");
        verb.SetAction(RunAsync);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        int most = parse.GetValue(s_maxTokens);
        using AnswerInterrupt interrupt = new(Interrupts.Current ?? throw new InvalidOperationException("no verb runs"));
        if (s_daemon.Open(parse) is { } daemon)
        {
            using (daemon)
            {
                ModelOptions here = CommonOptions.Bind(parse, "");
                ChatState asked = new() { Sampling = here.Sampling, MaxTokens = most };
                asked.Conversation.System = parse.GetValue(s_system);
                await ConverseAsync(new RemoteChat(daemon, DaemonFlags.ModelName(parse), here, asked), interrupt, asked, here, ct);
                return Failures.Success;
            }
        }

        ModelOptions options = CommonOptions.Bind(parse) with { Converses = true };
        await using LoadedModel model = await LoadedModel.OpenAsync(options, new TerminalNotices(options), ct);
        ChatState state = new() { Sampling = model.Options.Sampling, MaxTokens = most };
        state.Conversation.System = parse.GetValue(s_system);
        await ConverseAsync(new ChatSession(model, state), interrupt, state, options, ct);
        return Failures.Success;
    }

    private static async Task ConverseAsync(IChatPartner partner, AnswerInterrupt interrupt, ChatState state, ModelOptions options,
        CancellationToken ct)
    {
        bool person = !Console.IsInputRedirected;
        if (person && !options.Quiet)
        {
            Console.Error.WriteLine("/help shows what else can be said here; /exit or end of input ends, Ctrl-C stops an answer.");
        }

        using StreamReader? piped = person ? null : new(StandardStreams.OpenInput(), new UTF8Encoding(false));
        LineEditor? editor = LineEditor.OfConsole();
        while (!state.IsOver && !ct.IsCancellationRequested
            && ChatInput.Read(goesOn => Interrupts.Await(() => ReadLine(piped, editor, goesOn))) is { } message)
        {
            state.Question = null;
            if (ChatCommands.IsCommand(message))
            {
                ChatCommands.Execute(message, state, Console.Error.WriteLine);
            }
            else
            {
                state.Question = message.StartsWith("//", StringComparison.Ordinal) ? message[1..] : message;
            }

            if (state.Question is { } question)
            {
                await AnswerAsync(partner, interrupt, question, state, options, ct);
            }
        }
    }

    private static string? ReadLine(StreamReader? piped, LineEditor? editor, bool goesOn)
    {
        if (piped is not null)
        {
            return piped.ReadLine();
        }

        string prompt = goesOn ? "… " : "> ";
        if (editor is not null)
        {
            return editor.Read(prompt);
        }

        Console.Error.Write(prompt);
        return Console.ReadLine();
    }

    private static async Task AnswerAsync(IChatPartner partner, AnswerInterrupt interrupt, string question, ChatState state,
        ModelOptions options, CancellationToken ct)
    {
        try
        {
            AnswerScreen? screen = options.Json ? null : AnswerScreen.OfConsole();
            ChatAnswer answer = await interrupt.RunAsync(stop => partner.AskAsync(question, screen, stop), ct);
            state.LastFigures = answer.Figures;
            if (options.Json)
            {
                answer.WriteJson();
            }
            else if (!options.Quiet)
            {
                Console.Error.WriteLine(state.LastFigures);
            }
        }
        catch (ContextExceededException e)
        {
            Failures.Report(e, options.Json);
            Console.Error.WriteLine("In this conversation: /reset.");
        }
        catch (Exception e) when (e is FlashReadException or TemplateException or OperationCanceledException or RemoteException)
        {
            Failures.Report(e, options.Json); // the engine goes on, and so does the conversation
        }
    }
}
