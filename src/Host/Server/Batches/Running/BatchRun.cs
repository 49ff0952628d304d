using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Memory;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Batches.Running;

/// <summary>
/// Works through a file of requests: checks every line, then has those that have no result yet answered by their endpoints, as many at a
/// time as the background has turns.
/// </summary>
/// <param name="job">What is to be answered.</param>
/// <param name="state">The daemon, or what stands for it.</param>
/// <param name="answer">Answers a request as if it had come from a client.</param>
/// <param name="counts">How far it has come.</param>
/// <param name="memory">Pays for lines and names.</param>
internal sealed class BatchRun(BatchJob job, ServerState state, Func<HttpContext, Task> answer, BatchCounts counts,
    RequestMemory.Holding memory)
{
    private const int MostFaults = 100;
    private const int MostAttempts = 100;
    private const int LongestPauseSeconds = 30;
    private const long LongestLine = RequestBody.MostBytes + (4 << 10);
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    private readonly HashSet<UInt128> _done = [];
    private byte[] _line = [];
    private int _lineBytes, _lines; // of the longest line that there is memory for; how many there are

    // Beside lines and names: the window of lines, and pages of the input and of two files of results.
    private static int HeldBytes => LineWindow.HeldBytes + TransientFile.SmallRoomBytes + (2 * ResultFile.HeldBytes);

    /// <summary>Longest line that there is memory for.</summary>
    private long MostLineBytes => Math.Min(LongestLine, state.RequireMemory().LimitBytes / 4);

    /// <summary>Takes the memory without which nothing can begin.</summary>
    public Task PrepareAsync(CancellationToken ct) => GrowAsync(memory, HeldBytes, "a batch", ct);

    /// <summary>A request that has a result already.</summary>
    public void Skip(UInt128 name) => _done.Add(name);

    /// <summary>Goes over all lines, and counts them.</summary>
    /// <returns>What is wrong with them; nothing is asked then.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ApiException">413: there is never memory for so many requests.</exception>
    public async Task<IReadOnlyList<BatchFault>> CheckAsync(CancellationToken ct)
    {
        (int lines, long longest) = await Task.Run(Measure, ct);
        (_lineBytes, _lines) = ((int)Math.Min(longest, MostLineBytes), lines);
        await GrowAsync(memory, _lineBytes + (2L * lines * RequestName.HeldBytes), "the requests of a batch", ct);
        _line = new byte[_lineBytes];
        return lines > job.MostRequests
            ? [new BatchFault("too_many_requests", $"there are {lines} requests; a batch may have {job.MostRequests}")]
            : await Task.Run(() => Check(ct), ct);
    }

    /// <summary>Gives the memory back between checking and answering.</summary>
    public void Rest()
    {
        _line = [];
        memory.ShrinkTo(0);
    }

    /// <summary>Takes what answering needs, all of it at once; the lines have been checked.</summary>
    public async Task ResumeAsync(CancellationToken ct)
    {
        await GrowAsync(memory, HeldBytes + _lineBytes + ((long)_lines * RequestName.HeldBytes), "a batch", ct);
        _line = new byte[_lineBytes];
    }

    /// <summary>Answers what has no result yet; the lines have been checked.</summary>
    /// <param name="answers">Receives answers.</param>
    /// <param name="errors">Receives errors.</param>
    /// <param name="ct">Ends it: what has been answered stays.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    /// <exception cref="ApiException">There is no room for a result; or the daemon ends.</exception>
    /// <exception cref="IOException">A result cannot be written.</exception>
    public async Task AnswerAsync(ResultFile answers, ResultFile errors, CancellationToken ct)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using TransientFile file = TransientFile.OpenRead(job.InputPath, isSmall: true);
        LineWindow lines = new(file, _line);
        List<Task> running = [];
        try
        {
            while (Next(lines) is { } line)
            {
                await RoomAsync(running, stop.Token);
                RequestMemory.Holding held = state.RequireMemory().Open();
                await GrowAsync(held, line.Body.Length, "a request", stop.Token);
                running.Add(AnswerOneAsync(line with { Body = line.Body.ToArray() }, held));
            }
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
        finally
        {
            await Task.WhenAll(running); // the first failure is what is said, and not that the others were stopped
        }

        async Task AnswerOneAsync(BatchLine line, RequestMemory.Holding held)
        {
            try
            {
                await AskAsync(line, held, answers, errors, stop.Token);
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
            finally
            {
                held.Dispose();
            }
        }
    }

    /// <summary>Gives everything that has no result an error.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void EndOpen(ResultFile errors, string code, string message)
    {
        using TransientFile file = TransientFile.OpenRead(job.InputPath, isSmall: true);
        LineWindow lines = new(file, _line);
        while (Next(lines) is { } line)
        {
            errors.Write(line.CustomId, code, message);
            Count(line, isAnswer: false);
        }
    }

    // As many at a time as there are turns now: another model may have more of them, or fewer.
    private async Task RoomAsync(List<Task> running, CancellationToken stopped)
    {
        while (true)
        {
            stopped.ThrowIfCancellationRequested(); // one that fails stops the others first
            running.RemoveAll(t => t.IsCompletedSuccessfully);
            if (running.Count < Math.Max(1, state.Admission.Turns))
            {
                return;
            }

            await Task.WhenAny(running);
        }
    }

    // Others may have the memory now, and give it back.
    private static async Task GrowAsync(RequestMemory.Holding holding, long bytes, string what, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                holding.Grow(bytes, what);
                return;
            }
            catch (ApiException e) when (e.Status == StatusCodes.Status429TooManyRequests)
            {
                await Task.Delay(s_look, ct);
            }
        }
    }

    private (int Lines, long Longest) Measure()
    {
        using TransientFile file = TransientFile.OpenRead(job.InputPath, isSmall: true);
        LineWindow lines = new(file, []);
        (int count, long longest) = (0, 0);
        while (lines.Read())
        {
            count += lines.Length > 0 ? 1 : 0;
            longest = Math.Max(longest, lines.Length);
        }

        return (count, longest);
    }

    private List<BatchFault> Check(CancellationToken ct)
    {
        using TransientFile file = TransientFile.OpenRead(job.InputPath, isSmall: true);
        LineWindow lines = new(file, _line);
        HashSet<UInt128> names = [];
        List<BatchFault> faults = [];
        int total = 0;
        while (lines.Read() && faults.Count < MostFaults)
        {
            ct.ThrowIfCancellationRequested();
            if (IsBlank(lines))
            {
                continue;
            }

            total++;
            BatchFault? fault = null;
            BatchLine? line = lines.Length > _line.Length ? null : BatchLine.Read(lines.Text, lines.Number, job.Endpoint, out fault);
            if (line is not null && !names.Add(RequestName.Of(line.CustomId)))
            {
                fault = new BatchFault("duplicate_custom_id", "another line has the same 'custom_id'", lines.Number, "custom_id");
            }
            else if (line is null && fault is null)
            {
                fault = new BatchFault("line_too_long", $"the line has {lines.Length} bytes; there is memory for {_line.Length}",
                    lines.Number);
            }

            if (fault is not null)
            {
                faults.Add(fault);
            }
        }

        counts.Total = total;
        return total > 0 ? faults : [new BatchFault("empty_file", "there is no request in the file")];
    }

    // The next request without a result; null at the end.
    private BatchLine? Next(LineWindow lines)
    {
        while (lines.Read())
        {
            if (IsBlank(lines))
            {
                continue;
            }

            BatchLine line = BatchLine.Read(lines.Text, lines.Number, job.Endpoint, out _)
                ?? throw new InvalidDataException($"line {lines.Number} of the requests is not what it was when it was checked");
            lock (_done)
            {
                if (!_done.Contains(RequestName.Of(line.CustomId)))
                {
                    return line;
                }
            }
        }

        return null;
    }

    private static bool IsBlank(LineWindow lines) => lines.Text.Span.Trim(" \t\r"u8).IsEmpty;

    private async Task AskAsync(BatchLine line, RequestMemory.Holding held, ResultFile answers, ResultFile errors, CancellationToken ct)
    {
        long before = held.Bytes;
        for (int attempt = 0; ;)
        {
            int pause = 0;
            using (Admission.Place place = state.Admission.EnterBackground())
            {
                await TurnAsync(place, ct);
                using CancellationTokenSource gone = CancellationTokenSource.CreateLinkedTokenSource(ct);
                UnsentRequest request = new(line, job.Scope, place, held, gone.Token);
                Task answering = answer(request.Http);
                if (await Task.WhenAny(answering, place.Preempted) != answering)
                {
                    await gone.CancelAsync();
                }

                await answering;
                ct.ThrowIfCancellationRequested();
                bool gaveWay = gone.IsCancellationRequested;
                if (!gaveWay && (!request.MayPass || ++attempt >= MostAttempts))
                {
                    Write(line, request, answers, errors);
                    return;
                }

                pause = gaveWay ? 0 : Math.Min(LongestPauseSeconds, Math.Max(attempt, request.RetrySeconds));
            }

            held.ShrinkTo(before);
            await Task.Delay(TimeSpan.FromSeconds(pause), ct);
        }
    }

    private async Task TurnAsync(Admission.Place place, CancellationToken ct)
    {
        while (await Task.WhenAny(place.Turn, Task.Delay(s_look, ct)) != place.Turn)
        {
            ct.ThrowIfCancellationRequested();
            state.Admission.Refresh();
        }

        await place.Turn;
    }

    private void Write(BatchLine line, UnsentRequest request, ResultFile answers, ResultFile errors)
    {
        bool isAnswer = !request.IsBroken && request.Status == StatusCodes.Status200OK;
        if (request.IsBroken)
        {
            errors.Write(line.CustomId, "server_error", "the answer broke off; the server's log says why");
        }
        else
        {
            (isAnswer ? answers : errors).Write(line.CustomId, request.Status, request.Line().Span);
        }

        Count(line, isAnswer);
    }

    private void Count(BatchLine line, bool isAnswer)
    {
        lock (_done)
        {
            _done.Add(RequestName.Of(line.CustomId));
        }

        counts.Add(isAnswer);
    }
}
