namespace LayerStream.Session.Reports;

/// <summary>What <c>logits</c> has written.</summary>
/// <param name="Positions">Rows.</param>
/// <param name="Vocabulary">Logits of a row.</param>
/// <param name="Lossy">The lossy options in force; empty = the output is the model's own.</param>
public sealed record LogitsReport(int Positions, int Vocabulary, IReadOnlyList<string> Lossy);
