namespace LayerStream.Host.Terminal;

/// <summary>What kind of terminal, if any, the program talks to.</summary>
internal static class TerminalKind
{
    /// <summary>Whether the terminal knows no more than paper does.</summary>
    public static bool IsPlain { get; } = Environment.GetEnvironmentVariable("TERM") is "dumb";

    /// <summary>Whether a line of standard error can be written over.</summary>
    public static bool IsErrorRewritable { get; } = !Console.IsErrorRedirected && !IsPlain;
}
