namespace LayerStream.Session.Reports;

/// <summary>How well a model foresees a text.</summary>
/// <param name="Perplexity">e to the mean loss.</param>
/// <param name="MeanNll">Mean negative log-likelihood of a scored token, nats.</param>
/// <param name="Tokens">Tokens read.</param>
/// <param name="Scored">Tokens whose loss counts.</param>
/// <param name="Lossy">The lossy options in force; empty = the output is the model's own.</param>
public sealed record PerplexityReport(double Perplexity, double MeanNll, int Tokens, int Scored, IReadOnlyList<string> Lossy);
