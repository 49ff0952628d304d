namespace LayerStream.Session.Reports;

/// <summary>Whether a daemon serves.</summary>
/// <param name="Status">ok, loading, switching, draining, failed or model_changed.</param>
/// <param name="Reason">Why it does not.</param>
/// <param name="Progress">How far loading is.</param>
/// <param name="Model">The model that is loaded or being loaded, where there are several; null = none.</param>
public sealed record HealthReport(string Status, string? Reason = null, ProgressReport? Progress = null, string? Model = null);

/// <summary>How far loading is.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="DoneBytes">What is there.</param>
/// <param name="TotalBytes">What there will be.</param>
public sealed record ProgressReport(string Stage, long DoneBytes, long TotalBytes);
