using System.Globalization;
using LayerStream.Host.Options;
using LayerStream.Session;

namespace LayerStream.Host.Verbs;

/// <summary>What a person can say to the program in a conversation, beside what goes to the model: lines that begin with a slash.</summary>
internal static class ChatCommands
{
    private static readonly Row[] s_rows =
    [
        new("/help", "", "shows these lines", (_, _, say) => Help(say)),
        new("/system", "[TEXT]", "sets the system message, or takes it away", (chat, text, say) =>
        {
            chat.Conversation.System = text;
            say(text.Length > 0 ? "The system message is set." : "There is no system message now.");
        }),
        new("/reset", "", "starts over", (chat, _, say) =>
        {
            chat.Conversation.Reset();
            say("The conversation starts over.");
        }),
        new("/retry", "", "asks the last question again", Retry),
        new("/save", "FILE", "writes the conversation as JSON", (chat, path, say) =>
        {
            chat.Conversation.Save(Needed("/save", path));
            say($"{chat.Conversation.Turns.Count} messages are in {path}.");
        }),
        new("/load", "FILE", "takes up a conversation that was saved", (chat, path, say) =>
        {
            chat.Conversation.Load(Needed("/load", path));
            say($"{chat.Conversation.Turns.Count} messages are taken up.");
        }),
        new("/set", "NAME VALUE", "changes how tokens are drawn, such as temperature 0.2, or max-tokens", Set),
        new("/stats", "", "shows the figures of the last answer", (chat, _, say) => say(chat.LastFigures ?? "There is no answer yet.")),
        new("/exit", "", "ends, as the end of input does", (chat, _, _) => chat.IsOver = true),
    ];

    /// <summary>Whether a line is for the program. A second slash in front sends what follows the first one to the model.</summary>
    public static bool IsCommand(string line) => line.StartsWith('/') && !line.StartsWith("//", StringComparison.Ordinal);

    /// <summary>Carries a command out; what is wrong with it is said, and nothing else happens.</summary>
    /// <param name="line">The line.</param>
    /// <param name="chat">What it acts on.</param>
    /// <param name="say">Takes a sentence for the person.</param>
    public static void Execute(string line, ChatState chat, Action<string> say)
    {
        string[] parts = line.Trim().Split(' ', 2, StringSplitOptions.TrimEntries);
        if (Array.Find(s_rows, row => row.Name == parts[0]) is not { } command)
        {
            say($"There is no command {parts[0]}, and nothing was sent. /help shows them; a text that begins so is sent with a second "
                + "slash in front.");
            return;
        }

        try
        {
            command.Act(chat, parts.Length > 1 ? parts[1] : "", say);
        }
        catch (Exception e) when (e is UsageException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            say(Failures.Describe(e));
        }
    }

    private static void Help(Action<string> say)
    {
        foreach (Row row in s_rows)
        {
            say($"{row.Name + " " + row.Argument,-18} {row.Help}");
        }

        say("Alt-Enter and pasted text make several lines; what stands between \"\"\" and \"\"\" is one message too. Up shows "
            + "what was sent before. Ctrl-C stops an answer.");
    }

    private static void Retry(ChatState chat, string argument, Action<string> say)
    {
        chat.Question = chat.Conversation.LastQuestion;
        chat.Conversation.TakeBack();
        if (chat.Question is null)
        {
            say("There is no question yet.");
        }
    }

    private static void Set(ChatState chat, string argument, Action<string> say)
    {
        string[] parts = argument.Split([' ', '='], 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2)
        {
            string names = string.Join(", ", SamplingFlags.Texts.Select(t => t.Name));
            throw new UsageException($"/set takes a name and a value. Names: max-tokens, {names}.");
        }

        if (parts[0] == "max-tokens")
        {
            chat.MaxTokens = OptionText.Whole(parts[0], parts[1], 1, int.MaxValue);
        }
        else
        {
            chat.Sampling = SamplingFlags.With(chat.Sampling, parts[0], parts[1]);
        }

        say(string.Create(CultureInfo.InvariantCulture, $"{parts[0]} is {parts[1]} from here on."));
    }

    private static string Needed(string command, string path) =>
        path.Length > 0 ? path : throw new UsageException($"{command} needs a file.");

    private sealed record Row(string Name, string Argument, string Help, Action<ChatState, string, Action<string>> Act);
}
