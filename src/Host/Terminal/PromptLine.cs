using LayerStream.Session;

namespace LayerStream.Host.Terminal;

/// <summary>Tells a person at a terminal how much of a long prompt was read: one line of stderr, wiped when the answer begins.</summary>
internal static class PromptLine
{
    private const int LeastTokens = 64; // a shorter prompt is read before anyone wonders

    /// <summary>Whether anybody watches.</summary>
    public static bool IsWatched(ModelOptions options) => !options.Quiet && !options.Json && TerminalKind.IsErrorRewritable;

    /// <summary>Whether a prompt of so many tokens is worth the line.</summary>
    public static bool IsWanted(ModelOptions options, int tokens) => IsWatched(options) && tokens >= LeastTokens;

    /// <summary>Shows a state.</summary>
    public static void Show(int done, int all)
    {
        string line = $"reading the prompt: {done} of {all} tokens";
        Console.Error.Write(done < all ? $"\r{line}   " : $"\r{new string(' ', line.Length + 3)}\r");
    }
}
