using System.Diagnostics;
using LayerStream.Host.Server.Batches;
using LayerStream.Host.Server.Batches.Running;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Server;

/// <summary>A file of requests answered by the daemon's endpoints without a daemon.</summary>
public static class OfflineBatch
{
    private const string Scope = "batch";
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(5);

    /// <summary>Answers what has no result yet.</summary>
    /// <param name="model">A model loaded for serving.</param>
    /// <param name="input">File of the requests.</param>
    /// <param name="output">File of results, which goes on from what it has.</param>
    /// <param name="errors">File of errors; null = they stand among the results.</param>
    /// <param name="progress">Hears every few seconds how far it has come.</param>
    /// <param name="ct">Ends it; results so far stay.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    /// <exception cref="UsageException">There is no memory for so many requests.</exception>
    /// <exception cref="InvalidDataException">A file of results is none.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static async Task<BatchReport> RunAsync(LoadedModel model, string input, string output, string? errors,
        IProgress<BatchReport>? progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(model);
        using Admission admission = new(0);
        using DaemonMetrics metrics = new(() => 0, () => model.Engine);
        ServerState state = new(model.Id, admission, metrics);
        state.Open(model);
        AllowedOrigins origins = new([]);
        RequestPipeline pipeline = new(state, new RequestGuard(ApiKeys.Load(null), [], origins, []), origins);
        BatchCounts counts = new(0, 0, 0);
        using RequestMemory.Holding memory = state.RequireMemory().Open();
        BatchRun run = new(new BatchJob(input, null, Scope, int.MaxValue), state, pipeline.AnswerAsync, counts, memory);
        long began = Stopwatch.GetTimestamp();
        BatchReport Report() => new(counts.Total, counts.Completed, counts.Failed, Stopwatch.GetElapsedTime(began).TotalSeconds);
        if (await CheckAsync(run, ct) is { Count: > 0 } faults)
        {
            return Report() with { Errors = [.. faults.Select(f => new BatchFaultReport(f.Line, f.Code, f.Message))] };
        }

        void Seen(UInt128 name, bool isAnswer)
        {
            run.Skip(name);
            counts.Add(isAnswer);
        }

        using ResultFile answers = ResultFile.Open(output, _ => { }, Seen);
        using ResultFile? apart = errors is null ? null : ResultFile.Open(errors, _ => { }, Seen);
        progress?.Report(Report());
        Task answering = run.AnswerAsync(answers, apart ?? answers, ct);
        while (await Task.WhenAny(answering, Task.Delay(s_interval, CancellationToken.None)) != answering)
        {
            progress?.Report(Report());
        }

        await answering;
        state.Speed?.Save();
        return Report();
    }

    private static async Task<IReadOnlyList<BatchFault>> CheckAsync(BatchRun run, CancellationToken ct)
    {
        try
        {
            await run.PrepareAsync(ct);
            return await run.CheckAsync(ct);
        }
        catch (ApiException e)
        {
            throw new UsageException(e.Message); // too many requests for the memory that there is
        }
    }
}
