using System.Diagnostics;
using System.Text;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Sampling;
using LayerStream.Session;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Chat;

/// <summary>An admitted request from its wait for the turn to the last byte of the answer, in whatever shape its protocol has.</summary>
internal sealed class AnswerRun(HttpContext http, ServerState state, Admission.Place place, RequestMemory.Holding memory, AnswerShape shape)
{
    /// <summary>Longest silence on the line.</summary>
    public static readonly TimeSpan SignInterval = TimeSpan.FromSeconds(5);

    // A request that fails sooner has its own status.
    private static readonly TimeSpan s_firstSign = TimeSpan.FromSeconds(2);

    private readonly ReplySink _sink = new(http, memory, shape.ContentType);
    private long _lastSent = Stopwatch.GetTimestamp();

    /// <summary>Waits, generates, sends. Failures before the first byte leave as exceptions; later ones break the answer.</summary>
    public async Task ExecuteAsync(Generation run, Activity? span)
    {
        long arrived = Stopwatch.GetTimestamp();
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, state.Admission.Hurry);
        Task<RunResult>? running = null;
        string outcome = RequestFigures.ErrorOutcome;
        try
        {
            await SignWhileAsync(place.Turn);
            running = run.ExecuteAsync(cancel.Token);
            await TakeAllAsync(run);
            RunResult result = Named(await running);
            outcome = result.FinishReason;
            shape.End(result);
            place.EndTurn();
            SendBuffer(isWhole: true);
            await _sink.CompleteAsync();
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            outcome = "cancelled";
            throw;
        }
        catch (Exception e) when (_sink.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            await cancel.CancelAsync();
            await BreakAsync(e);
        }
        finally
        {
            await cancel.CancelAsync();
            RunResult? result = await EndAsync(running);
            place.EndTurn();
            await Task.WhenAny(_sink.CompleteAsync()); // a write under way ends before the request does
            if (result is not null)
            {
                state.Speed?.Add(result);
                state.Speed?.Add(state.Model?.Engine.Tuned);
            }

            RequestFigures figures = Figures(outcome, arrived, run, result);
            state.Metrics.Add(figures);
            RequestSpan.End(span, figures);
        }
    }

    private async Task TakeAllAsync(Generation run)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            Task<bool> more = run.Events.WaitToReadAsync(CancellationToken.None).AsTask();
            await SignWhileAsync(more);
            if (!await more)
            {
                return;
            }

            StringBuilder? text = null;
            List<TokenLogProbabilities>? probabilities = null;
            while (run.Events.TryRead(out GenerationEvent item))
            {
                if (item.Text is null)
                {
                    shape.Progress(item, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                    continue;
                }

                (text ??= new StringBuilder()).Append(item.Text);
                if (item is { LogProbabilities: { } found, IsEnd: false })
                {
                    (probabilities ??= []).Add(found);
                }
            }

            if (text is not null)
            {
                shape.Piece(text.ToString(), probabilities);
            }

            SendBuffer(isWhole: false);
        }
    }

    private async Task SignWhileAsync(Task wait)
    {
        while (!wait.IsCompleted)
        {
            TimeSpan left = (_sink.HasStarted ? SignInterval : s_firstSign) - Stopwatch.GetElapsedTime(_lastSent);
            using CancellationTokenSource timer = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
            Task pause = Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, timer.Token);
            if (await Task.WhenAny(wait, pause) == pause)
            {
                http.RequestAborted.ThrowIfCancellationRequested();
                _sink.Send(shape.Sign);
                _lastSent = Stopwatch.GetTimestamp();
            }

            await timer.CancelAsync();
        }

        await wait;
    }

    private void SendBuffer(bool isWhole)
    {
        if (shape.Buffer.WrittenCount == 0 || (!isWhole && shape.Buffer.WrittenCount <= shape.GatheredBytes))
        {
            return;
        }

        _sink.Send(shape.Buffer.WrittenSpan, isWhole && !_sink.HasStarted && shape.GatheredBytes > 0 ? shape.Buffer.WrittenCount : null);
        shape.Buffer.ResetWrittenCount();
        _lastSent = Stopwatch.GetTimestamp();
    }

    // The status is out already: the error goes behind what was sent, and no end mark behind the error.
    private async Task BreakAsync(Exception e)
    {
        ApiException error = JsonReply.Describe(e);
        DaemonLog.Failure(e, error);
        try
        {
            shape.Fail(error);
            SendBuffer(isWhole: true);
        }
        catch (ApiException)
        {
            // The client reads too slowly for an error as well.
        }

        place.EndTurn();
        await _sink.BreakAsync();
    }

    // Whoever is cut short by the end of the daemon has an answer of limited length.
    private RunResult Named(RunResult result) => result.FinishReason == "cancelled" && !http.RequestAborted.IsCancellationRequested
        ? result with { FinishReason = "length" }
        : result;

    // The turn may be given up only when the engine has let go of the run.
    private static async Task<RunResult?> EndAsync(Task<RunResult>? running)
    {
        if (running is null)
        {
            return null;
        }

        await Task.WhenAny(running);
        return running.IsCompletedSuccessfully ? await running : null;
    }

    private RequestFigures Figures(string outcome, long arrived, Generation run, RunResult? result)
    {
        long first = run.FirstTokenTicks;
        int later = (result?.GeneratedTokens ?? 0) - 1;
        return new RequestFigures
        {
            Outcome = outcome,
            Model = state.ModelId,
            Seconds = Stopwatch.GetElapsedTime(arrived).TotalSeconds,
            FirstTokenSeconds = first == 0 ? -1 : Stopwatch.GetElapsedTime(arrived, first).TotalSeconds,
            SecondsPerToken = later > 0 ? result!.DecodeSeconds / later : -1,
            PromptTokens = result?.PromptTokens ?? 0,
            ReusedTokens = result?.CachedTokens ?? 0,
            GeneratedTokens = result?.GeneratedTokens ?? 0,
            StallSeconds = result?.StallSeconds ?? new Dictionary<string, double>(),
        };
    }
}
