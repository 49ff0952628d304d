namespace LayerStream.Host.Server.Service;

/// <summary>What a running request is doing.</summary>
/// <param name="PromptTokens">Tokens of its prompts.</param>
/// <param name="DecodedTokens">Tokens generated so far.</param>
/// <param name="Seconds">Since its turn began.</param>
internal sealed record SlotFigures(int PromptTokens, int DecodedTokens, double Seconds);
