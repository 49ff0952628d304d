using LayerStream.Actors.Run;
using LayerStream.Sampling;

namespace LayerStream.Session;

/// <summary>One reply: the figures of the run, the text, and what was asked for of every token's probability (empty if nothing).</summary>
public sealed record Reply(RunResult Result, string Text, IReadOnlyList<TokenLogProbabilities> LogProbabilities);
