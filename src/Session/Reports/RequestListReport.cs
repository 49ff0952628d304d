namespace LayerStream.Session.Reports;

/// <summary>Requests of a daemon that are not over: those of the key that asks.</summary>
/// <param name="Object">list.</param>
/// <param name="Data">Those that run, then those that wait.</param>
public sealed record RequestListReport(string Object, IReadOnlyList<RequestReport> Data);

/// <summary>A request that is not over.</summary>
/// <param name="Id">Its id, by which it can be cancelled; the ids in its answer end with it.</param>
/// <param name="Path">What was asked.</param>
/// <param name="State">waiting (for its turn), reading (its prompt) or writing (its answer).</param>
/// <param name="Seconds">Since it came.</param>
/// <param name="PromptTokens">Tokens of its prompts; 0 while it waits.</param>
/// <param name="PromptTokensRead">Of them, those that were read or were in memory.</param>
/// <param name="GeneratedTokens">Tokens generated so far.</param>
/// <param name="MostTokens">Tokens that may be generated at most.</param>
public sealed record RequestReport(string Id, string Path, string State, double Seconds, int PromptTokens, int PromptTokensRead,
    int GeneratedTokens, int MostTokens);
