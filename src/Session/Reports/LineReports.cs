using System.Text.Json.Serialization;

namespace LayerStream.Session.Reports;

/// <summary>Token ids of a text.</summary>
/// <param name="Ids">The ids.</param>
public sealed record IdsReport(IReadOnlyList<int> Ids);

/// <summary>A conversation as a template writes it.</summary>
/// <param name="Output">The text.</param>
public sealed record RenderingReport(string Output);

/// <summary>A line of input that failed.</summary>
/// <param name="Error">Why.</param>
public sealed record ErrorReport(string Error);

/// <summary>A verb that failed.</summary>
/// <param name="Error">Why.</param>
/// <param name="ExitCode">What the program ends with.</param>
/// <param name="SmallestBudgetBytes">The smallest budget that works, bytes; null where the budget is not the reason.</param>
public sealed record FailureReport(string Error, int ExitCode, long? SmallestBudgetBytes);

/// <summary>Whether a grammar takes a text.</summary>
/// <param name="Accepts">Whether the text is whole.</param>
/// <param name="Prefix">Whether a text that begins so may be.</param>
public sealed record MatchReport(bool Accepts, bool Prefix);

/// <summary>A grammar that is not used.</summary>
/// <param name="Error">Why.</param>
/// <param name="Fault">Kind of the fault.</param>
/// <param name="Feature">What of it is not supported; null when that is not the reason.</param>
public sealed record GrammarFaultReport(
    string Error, string Fault, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Feature);
