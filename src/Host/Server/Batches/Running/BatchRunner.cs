using System.Collections.Concurrent;
using LayerStream.Host.Server.Files;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Batches.Running;

/// <summary>Works on the batches of the daemon: those of an owner one after the other, in the order of their coming.</summary>
/// <param name="batches">The batches.</param>
/// <param name="state">The daemon, with its model.</param>
/// <param name="answer">Answers a request as if it had come from a client.</param>
internal sealed class BatchRunner(BatchStore batches, ServerState state, Func<HttpContext, Task> answer) : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new();
    private readonly SemaphoreSlim _checking = new(1, 1);
    private readonly List<Task> _running = [];
    private Task _reading = Task.CompletedTask;

    /// <summary>Begins.</summary>
    public void Start() => _reading = ReadAsync();

    /// <summary>Lets go of the engine; what has results keeps them for the next start.</summary>
    public async Task EndAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAny(_reading);
        await Task.WhenAll(_running);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _checking.Dispose();
        _end.Dispose();
    }

    private async Task ReadAsync()
    {
        await foreach (Batch batch in batches.Open.ReadAllAsync(_end.Token))
        {
            _running.RemoveAll(t => t.IsCompleted);
            _running.Add(WorkAsync(batch));
        }
    }

    private async Task WorkAsync(Batch batch)
    {
        await Task.Yield();
        try
        {
            BatchStatus? ending = batch.Record.Ending ?? await AnswerAsync(batch);
            if (ending is { } reached)
            {
                Finish(batch, reached);
            }
        }
        catch (Exception e)
        {
            DaemonLog.Failure(e, JsonReply.Describe(e));
            Fail(batch, e);
        }
    }

    /// <summary>How it ends; null = the daemon ends first.</summary>
    private async Task<BatchStatus?> AnswerAsync(Batch batch)
    {
        BatchRecord record = batch.Record;
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, batch.Cancelled);
        if (batches.Files.Find(record.Owner, record.InputFileId) is not { } input)
        {
            return Faulty(batch, [new BatchFault("input_file_missing", "the file of the requests is gone")]);
        }

        using RequestMemory.Holding memory = state.RequireMemory().Open();
        BatchRun run = new(new BatchJob(batches.Files.PathOf(input), record.Endpoint, record.Scope, BatchJob.UsualMost), state, answer,
            batch.Counts, memory);
        try
        {
            if (await CheckAsync(run, ended.Token) is { Count: > 0 } faults)
            {
                return Faulty(batch, faults);
            }

            batch.Update(r => r.Status != BatchStatus.Validating ? r
                : r.In(BatchStatus.InProgress, batches.Files.Now) with { Total = batch.Counts.Total });
            return await TakeTurnAsync(batch, run, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return batch.Cancelled.IsCancellationRequested ? BatchStatus.Cancelled : null;
        }
        catch (ApiException e) when (e.Code == Admission.Draining.Code)
        {
            return null;
        }
    }

    // Whoever waits for a turn holds no memory: many that wait would leave none to the one that has it.
    private async Task<IReadOnlyList<BatchFault>> CheckAsync(BatchRun run, CancellationToken ct)
    {
        await _checking.WaitAsync(ct);
        try
        {
            await run.PrepareAsync(ct);
            return await run.CheckAsync(ct);
        }
        finally
        {
            run.Rest();
            _checking.Release();
        }
    }

    private async Task<BatchStatus> TakeTurnAsync(Batch batch, BatchRun run, CancellationToken ended)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(ended);
        stop.CancelAfter(TimeSpan.FromSeconds(Math.Max(0, batch.Record.ExpiresAt - batches.Files.Now)));
        SemaphoreSlim turn = _turns.GetOrAdd(batch.Record.Owner, _ => new SemaphoreSlim(1, 1));
        Task waiting = turn.WaitAsync(stop.Token);
        try
        {
            await Task.WhenAny(waiting); // or its time is over first
            ended.ThrowIfCancellationRequested();
            await run.ResumeAsync(ended);
            return await AnswerAsync(batch, run, stop.Token, ended);
        }
        finally
        {
            if (waiting.IsCompletedSuccessfully)
            {
                turn.Release();
            }
        }
    }

    private async Task<BatchStatus> AnswerAsync(Batch batch, BatchRun run, CancellationToken stopped, CancellationToken ended)
    {
        (int answered, int failed) = (0, 0);
        using ResultFile answers = ResultFile.Open(batches.AnswersOf(batch.Record.Id), batches.Files.Take, Seen);
        using ResultFile errors = ResultFile.Open(batches.ErrorsOf(batch.Record.Id), batches.Files.Take, Seen);
        batch.Counts.Set(answered, failed);
        try
        {
            await run.AnswerAsync(answers, errors, stopped);
            return BatchStatus.Completed;
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested && !ended.IsCancellationRequested)
        {
            run.EndOpen(errors, "batch_expired", "this request was not answered before the completion window was over");
            return BatchStatus.Expired;
        }

        void Seen(UInt128 name, bool isAnswer)
        {
            run.Skip(name);
            (answered, failed) = isAnswer ? (answered + 1, failed) : (answered, failed + 1);
        }
    }

    private static BatchStatus Faulty(Batch batch, IReadOnlyList<BatchFault> faults)
    {
        batch.Update(r => r with { Errors = faults });
        return BatchStatus.Failed;
    }

    // What was reached so far is kept, whatever it ends with.
    private void Fail(Batch batch, Exception e)
    {
        try
        {
            ApiException shown = JsonReply.Describe(e is IOException ? new ApiException(500, "server_error",
                "a result could not be written: the disk of --files-dir is full or failing", "disk_error") : e);
            Finish(batch, Faulty(batch, [new BatchFault(shown.Code ?? shown.Type, shown.Message)]));
        }
        catch (Exception again) when (again is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            DaemonLog.Failure(again, JsonReply.Describe(again)); // it is tried again at the next start
        }
    }

    private void Finish(Batch batch, BatchStatus ending)
    {
        long now = batches.Files.Now;
        batch.Update(r => (ending == BatchStatus.Completed ? r.In(BatchStatus.Finalizing, now) : r) with
        {
            Ending = ending,
            Total = batch.Counts.Total,
            Completed = batch.Counts.Completed,
            Failed = batch.Counts.Failed,
        });
        BatchRecord record = batch.Record;
        Keep(record, record.OutputFileId, batches.AnswersOf(record.Id), "output");
        Keep(record, record.ErrorFileId, batches.ErrorsOf(record.Id), "errors");
        batch.Update(r => r.In(ending, now));
    }

    // Done again after a kill, it comes to the same.
    private void Keep(BatchRecord record, string id, string path, string what)
    {
        if (!File.Exists(path))
        {
            return;
        }

        long bytes = ResultScan.Mend(path), now = batches.Files.Now;
        if (bytes == 0)
        {
            File.Delete(path);
            return;
        }

        batches.Files.Keep(new StoredFile(id, record.Owner, StoredFile.OutputPurpose, $"{record.Id}_{what}.jsonl", bytes, now,
            record.OutputSeconds is { } seconds ? now + seconds : null), path);
    }
}
