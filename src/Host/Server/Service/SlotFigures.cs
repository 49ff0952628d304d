namespace LayerStream.Host.Server.Service;

/// <summary>What a running request is doing.</summary>
/// <param name="PromptTokens">Tokens of its prompts.</param>
/// <param name="ReadTokens">Of them, those that were read or were in memory.</param>
/// <param name="DecodedTokens">Tokens generated so far.</param>
/// <param name="MostTokens">Tokens that may be generated at most.</param>
/// <param name="Seconds">Since its turn began.</param>
internal sealed record SlotFigures(int PromptTokens, int ReadTokens, int DecodedTokens, int MostTokens, double Seconds = 0)
{
    /// <summary>Of a request whose work has not begun.</summary>
    public static SlotFigures None { get; } = new(0, 0, 0, 0);
}
