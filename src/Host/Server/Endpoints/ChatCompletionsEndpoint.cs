using System.Diagnostics;
using System.Text;
using LayerStream.Actors.Run;
using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using LayerStream.Sampling;
using LayerStream.Session;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Endpoints;

/// <summary>Chat completions, whole or as a stream.</summary>
internal static class ChatCompletionsEndpoint
{
    /// <summary>Answers one request. Refusals and failures are <see cref="ApiException"/>s or the engine's own exceptions.</summary>
    public static async Task HandleAsync(HttpContext http, ServerState state)
    {
        RequestGuard.RequireJson(http.Request);
        LoadedModel model = state.RequireModel();
        using Admission.Place place = state.Admission.Enter();
        long arrived = Stopwatch.GetTimestamp();
        (ChatRequest request, int[] prompt) = await ChatPreparation.PrepareAsync(http, state, model);
        ChatJson json = new("chatcmpl-" + Guid.NewGuid().ToString("N"), model.Id, DateTimeOffset.UtcNow.ToUnixTimeSeconds(), model.RequireTokenizer());
        using Activity? span = RequestSpan.Start(state.Metrics, model.Id, json.Id, request);
        Generation run = new(model, request.ToGeneration(prompt, model.Options));
        using EventStream stream = new(http);
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        Task<RunResult>? running = null;
        string outcome = "error";
        try
        {
            Task turn = place.WaitAsync(cancel.Token);
            await (request.Stream ? stream.PingWhileAsync(turn) : turn);
            running = run.ExecuteAsync(cancel.Token);
            await (request.Stream ? StreamAsync(stream, json, request, run, running) : ReplyAsync(http, json, request, run, running));
            outcome = (await running).FinishReason;
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            outcome = "cancelled";
            throw;
        }
        catch (Exception e) when (stream.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            // The status is out already: the error goes into the stream.
            ApiException error = JsonReply.Describe(e);
            DaemonLog.Failure(e, error);
            await stream.SendAsync(writer => JsonReply.WriteError(writer, error));
            await stream.EndAsync();
        }
        finally
        {
            await cancel.CancelAsync();
            RunResult? result = await EndAsync(running);
            RequestFigures figures = Figures(outcome, arrived, run, result);
            state.Metrics.Add(figures);
            RequestSpan.End(span, figures);
        }
    }

    private static async Task StreamAsync(EventStream stream, ChatJson json, ChatRequest request, Generation run, Task<RunResult> running)
    {
        bool isFirst = true;
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            Task<bool> more = run.Events.WaitToReadAsync().AsTask();
            await stream.PingWhileAsync(more);
            if (!await more)
            {
                break;
            }

            StringBuilder? text = null;
            List<TokenLogProbabilities>? probabilities = null;
            while (run.Events.TryRead(out GenerationEvent item))
            {
                if (item.Text is not null)
                {
                    (text ??= new StringBuilder()).Append(item.Text);
                    Add(ref probabilities, item);
                    continue;
                }

                double elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
                await stream.SendAsync(writer => json.Progress(writer, item, elapsed));
            }

            if (text is not null)
            {
                bool withRole = isFirst;
                await stream.SendAsync(writer => json.Chunk(writer, withRole, text.ToString(), probabilities, null));
                isFirst = false;
            }
        }

        RunResult result = await running;
        await stream.SendAsync(writer => json.Chunk(writer, isFirst, null, null, result));
        if (request.IncludeUsage == true)
        {
            await stream.SendAsync(writer => json.UsageChunk(writer, result));
        }

        await stream.EndAsync();
    }

    private static async Task ReplyAsync(HttpContext http, ChatJson json, ChatRequest request, Generation run, Task<RunResult> running)
    {
        RunResult result = await running;
        StringBuilder text = new();
        List<TokenLogProbabilities>? probabilities = request.LogProbs ? [] : null;
        while (run.Events.TryRead(out GenerationEvent item))
        {
            text.Append(item.Text);
            Add(ref probabilities, item);
        }

        await JsonReply.SendAsync(http, 200, writer => json.Reply(writer, text.ToString(), probabilities, result));
    }

    private static void Add(ref List<TokenLogProbabilities>? probabilities, GenerationEvent item)
    {
        if (item is { LogProbabilities: { } found, IsEnd: false })
        {
            (probabilities ??= []).Add(found);
        }
    }

    // The place in the queue may be given up only when the engine has let go of the run.
    private static async Task<RunResult?> EndAsync(Task<RunResult>? running)
    {
        if (running is null)
        {
            return null;
        }

        await Task.WhenAny(running);
        return running.IsCompletedSuccessfully ? await running : null;
    }

    private static RequestFigures Figures(string outcome, long arrived, Generation run, RunResult? result)
    {
        long first = run.FirstTokenTicks;
        int later = (result?.GeneratedTokens ?? 0) - 1;
        return new RequestFigures
        {
            Outcome = outcome,
            Seconds = Stopwatch.GetElapsedTime(arrived).TotalSeconds,
            FirstTokenSeconds = first == 0 ? -1 : Stopwatch.GetElapsedTime(arrived, first).TotalSeconds,
            SecondsPerToken = later > 0 ? result!.DecodeSeconds / later : -1,
            PromptTokens = result?.PromptTokens ?? 0,
            GeneratedTokens = result?.GeneratedTokens ?? 0,
            BytesStreamed = result?.BytesStreamed ?? 0,
            StallSeconds = result?.StallSeconds ?? new Dictionary<string, double>(),
        };
    }
}
