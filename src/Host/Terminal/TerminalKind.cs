namespace LayerStream.Host.Terminal;

/// <summary>What kind of terminal, if any, standard error is.</summary>
internal static class TerminalKind
{
    /// <summary>Whether a line of standard error can be written over: a terminal that knows more than paper does.</summary>
    public static bool IsErrorRewritable { get; } = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not "dumb";
}
