namespace LayerStream.Session;

/// <summary>Tells a person at a terminal how much of a long prompt was read: one line of stderr, wiped when the answer begins.</summary>
public static class PromptProgress
{
    private const int LeastTokens = 64; // a shorter prompt is read before anyone wonders

    /// <summary>What to call after each pass over the prompt; null when nobody watches.</summary>
    internal static Action<int, int>? For(ModelOptions options, int tokens)
    {
        if (options.Quiet || options.Json || Console.IsErrorRedirected || tokens < LeastTokens)
        {
            return null;
        }

        Show(0, tokens);
        return Show;
    }

    private static void Show(int done, int all)
    {
        string line = $"reading the prompt: {done} of {all} tokens";
        Console.Error.Write(done < all ? $"\r{line}   " : $"\r{new string(' ', line.Length + 3)}\r");
    }
}
