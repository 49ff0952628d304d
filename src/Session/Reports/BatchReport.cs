namespace LayerStream.Session.Reports;

/// <summary>What has become of a file of requests.</summary>
/// <param name="Total">Requests in it.</param>
/// <param name="Completed">Requests with an answer, those of earlier runs included.</param>
/// <param name="Failed">Requests with an error, the same.</param>
/// <param name="Seconds">What this run took.</param>
public sealed record BatchReport(int Total, int Completed, int Failed, double Seconds)
{
    /// <summary>What is wrong with the file; nothing is asked then.</summary>
    public IReadOnlyList<BatchFaultReport>? Errors { get; init; }
}

/// <summary>Something wrong with a file of requests.</summary>
/// <param name="Line">Number of the line, from 1; null = it is no line's.</param>
/// <param name="Code">What kind of fault.</param>
/// <param name="Message">What it is.</param>
public sealed record BatchFaultReport(int? Line, string Code, string Message);
