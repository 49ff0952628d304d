using System.Diagnostics;
using System.Text;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Session;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Chat;

/// <summary>An admitted request from its wait for the turn to the last byte of the answer, in whatever shape its protocol has.</summary>
internal sealed class AnswerRun(HttpContext http, ServerState state, Admission.Place place, RequestMemory.Holding memory, AnswerShape shape)
{
    /// <summary>Longest silence on the line.</summary>
    public static readonly TimeSpan SignInterval = TimeSpan.FromSeconds(5);

    private const string CancelledOutcome = "cancelled";

    private readonly ServedModel? _served = ModelRequest.Of(http)?.Served ?? state.Served;
    private readonly ReplySink _sink = ModelRequest.Of(http)?.Sink ?? new ReplySink(http, memory, shape.ContentType);
    private long _lastSent = Stopwatch.GetTimestamp();

    /// <summary>Waits, generates, sends. Failures before the first byte leave as exceptions; later ones break the answer.</summary>
    /// <param name="runs">A generation for each choice of the answer.</param>
    /// <param name="span">The span of the request, or null.</param>
    /// <param name="before">Work of the engine before them, or null.</param>
    public async Task ExecuteAsync(IReadOnlyList<Generation> runs, Activity? span, Func<CancellationToken, Task>? before = null)
    {
        long arrived = Stopwatch.GetTimestamp();
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, state.Admission.Hurry,
            _served?.Hurry ?? CancellationToken.None, place.Cancelled);
        Task<RunResult>[] running = [];
        string outcome = RequestFigures.ErrorOutcome;
        try
        {
            await SignWhileAsync(place.Turn);
            await SignWhileAsync(before?.Invoke(cancel.Token) ?? Task.CompletedTask);
            place.Work = () => new SlotFigures(runs.Sum(r => r.PromptTokens), runs.Sum(r => r.ReadTokens),
                runs.Sum(r => r.GeneratedTokens), runs.Sum(r => r.MostTokens));
            running = [.. runs.Select(run => run.ExecuteAsync(cancel.Token))];
            outcome = await TakeAllAsync(runs, running);
            place.EndTurn();
            SendBuffer(isWhole: true);
            await _sink.CompleteAsync();
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            outcome = CancelledOutcome;
            throw;
        }
        catch (Exception) when (!_sink.HasStarted && place.Cancelled.IsCancellationRequested)
        {
            outcome = CancelledOutcome;
            throw Admission.Cancelled;
        }
        catch (Exception e) when (_sink.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            outcome = place.Cancelled.IsCancellationRequested ? CancelledOutcome : outcome;
            await cancel.CancelAsync();
            await BreakAsync(place.Cancelled.IsCancellationRequested ? Admission.Cancelled : e);
        }
        finally
        {
            await cancel.CancelAsync();
            RunResult[] results = await EndAsync(running);
            place.EndTurn();
            await Task.WhenAny(_sink.CompleteAsync()); // a write under way ends before the request does
            Array.ForEach(results, result => _served?.Speed.Add(result));
            _served?.Speed.Add(_served.Model.Engine.Tuned);
            RequestFigures figures = Figures(outcome, arrived, runs, results);
            state.Metrics.Add(figures);
            RequestSpan.End(span, figures);
        }
    }

    // Takes what comes of any choice until all have ended; the reason of the first.
    private async Task<string> TakeAllAsync(IReadOnlyList<Generation> runs, Task<RunResult>[] running)
    {
        long started = Stopwatch.GetTimestamp();
        Task<bool>?[] waits = [.. runs.Select(run => run.Events.WaitToReadAsync(CancellationToken.None).AsTask())];
        string reason = "stop";
        while (Array.Exists(waits, w => w is not null))
        {
            await SignWhileAsync(Task.WhenAny(waits.OfType<Task<bool>>()));
            for (int i = 0; i < waits.Length; i++)
            {
                if (waits[i] is not { IsCompleted: true } wait)
                {
                    continue;
                }

                if (await wait)
                {
                    Take(runs[i], shape.Of(i), started);
                    waits[i] = runs[i].Events.WaitToReadAsync(CancellationToken.None).AsTask();
                    continue;
                }

                waits[i] = null;
                RunResult result = Named(await running[i]);
                place.Cancelled.ThrowIfCancellationRequested();
                reason = i == 0 ? result.FinishReason : reason;
                shape.Of(i).End(result);
            }

            SendBuffer(isWhole: false);
        }

        return reason;
    }

    // Text that has gathered is one piece; with log-probabilities each token's is its own, so that they stay beside it.
    private static void Take(Generation run, AnswerShape choice, long started)
    {
        StringBuilder? text = null;
        while (run.Events.TryRead(out GenerationEvent item))
        {
            if (item.Text is null)
            {
                choice.Progress(item, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                continue;
            }

            (text ??= new StringBuilder()).Append(item.Text);
            if (item is { LogProbabilities: { } found, IsEnd: false })
            {
                choice.Piece(text.ToString(), [found]);
                text = null;
            }
        }

        if (text is not null)
        {
            choice.Piece(text.ToString(), null);
        }
    }

    private async Task SignWhileAsync(Task wait)
    {
        while (!wait.IsCompleted && !place.IsBackground) // there, no client counts the seconds
        {
            TimeSpan left = (_sink.HasStarted ? SignInterval : state.FirstSign) - Stopwatch.GetElapsedTime(_lastSent);
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
    private RunResult Named(RunResult result) => result.FinishReason == CancelledOutcome && !http.RequestAborted.IsCancellationRequested
        ? result with { FinishReason = "length" }
        : result;

    // The turn may be given up only when the engine has let go of the runs.
    private static async Task<RunResult[]> EndAsync(Task<RunResult>[] running)
    {
        foreach (Task<RunResult> run in running)
        {
            await Task.WhenAny(run);
        }

        return await Task.WhenAll(running.Where(r => r.IsCompletedSuccessfully));
    }

    private RequestFigures Figures(string outcome, long arrived, IReadOnlyList<Generation> runs, RunResult[] results)
    {
        long[] firsts = [.. runs.Select(r => r.FirstTokenTicks).Where(t => t != 0)];
        RunResult? first = results.FirstOrDefault();
        int later = (first?.GeneratedTokens ?? 0) - 1;
        return new RequestFigures
        {
            Outcome = outcome,
            Model = _served?.Id ?? state.ModelId,
            Seconds = Stopwatch.GetElapsedTime(arrived).TotalSeconds,
            FirstTokenSeconds = firsts.Length == 0 ? -1 : Stopwatch.GetElapsedTime(arrived, firsts.Min()).TotalSeconds,
            SecondsPerToken = later > 0 ? first!.DecodeSeconds / later : -1,
            PromptTokens = results.Sum(r => r.PromptTokens),
            ReusedTokens = results.Sum(r => r.CachedTokens),
            GeneratedTokens = results.Sum(r => r.GeneratedTokens),
            StallSeconds = first?.StallSeconds ?? new Dictionary<string, double>(),
        };
    }
}
