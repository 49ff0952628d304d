using LayerStream.Planning.Batches;

namespace LayerStream.Actors.Kept;

/// <summary>Writes the states that sequences leave to the folder, one after the other, beside everything else. What it cannot write costs
/// nobody anything but the sparing.</summary>
/// <param name="folder">The folder; outlives the writer.</param>
internal sealed class StateWriter(StateFolder folder)
{
    private readonly Queue<StateJob> _jobs = [];
    private readonly Lock _lock = new(); // of the jobs and of who writes them
    private Task _writing = Task.CompletedTask;
    private bool _isWriting, _isEnding;
    private IReadOnlyList<HotExpert>? _experts; // not written yet
    private string? _fault;

    /// <summary>Why the last state could not be written; null while all could.</summary>
    internal string? Fault => Volatile.Read(ref _fault);

    /// <summary>Takes a state over. Whoever changes it must cut the job first.</summary>
    /// <param name="job">The state.</param>
    /// <param name="experts">What the next start is to read first.</param>
    internal void Add(StateJob job, IReadOnlyList<HotExpert> experts)
    {
        Volatile.Write(ref _experts, experts);
        if (!folder.CanWrite || job.Tokens.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (_isEnding)
            {
                return;
            }

            _jobs.Enqueue(job);
            if (!_isWriting || _writing.IsCompleted)
            {
                (_isWriting, _writing) = (true, Task.Run(WriteAll));
            }
        }
    }

    /// <summary>Completes when everything that was taken over is written or given up; later states are refused.</summary>
    internal Task EndAsync()
    {
        lock (_lock)
        {
            _isEnding = true;
            return _writing;
        }
    }

    private void WriteAll()
    {
        while (Next() is { } job)
        {
            Write(job);
        }
    }

    /// <summary>The next job; without one, whoever adds the next starts writing anew.</summary>
    private StateJob? Next()
    {
        lock (_lock)
        {
            _isWriting = _jobs.TryDequeue(out StateJob? job);
            return job;
        }
    }

    private void Write(StateJob job)
    {
        try
        {
            WritePieces(job);
            if (Interlocked.Exchange(ref _experts, null) is { Count: > 0 } experts)
            {
                folder.WriteExperts(experts);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Volatile.Write(ref _fault, e.Message);
        }
    }

    private void WritePieces(StateJob job)
    {
        UInt128 parent = folder.Root(job.Scope);
        long now = DateTime.UtcNow.Ticks;
        List<(KeptKind, UInt128)> there = [];
        for (int first = 0; first < job.Tokens.Count; first += KeptPieces.PageTokens)
        {
            int[] tokens = [.. job.Tokens.Skip(first).Take(KeptPieces.PageTokens)];
            UInt128 name = StateNames.OfTokens(parent, tokens);
            int intact = Math.Min(job.IntactTokens, first + KeptPieces.PageTokens - 1); // behind that it could not be reached
            foreach ((int at, int? slot) in job.Snapshots.Where(s => s.Tokens >= first && s.Tokens <= intact))
            {
                WriteSnapshot(job, parent, first, tokens.AsSpan(0, at - first).ToArray(), slot, now);
            }

            KeptPiece piece = new(KeptKind.Page, parent, name, first, tokens.Length, job.State.Pages.RowBytes(tokens.Length));
            if (!folder.Write(piece, job.Scope, tokens, now, (offset, block) => CopyRows(job, piece, offset, block)))
            {
                return; // what follows could not be reached without it
            }

            there.Add((KeptKind.Page, name));
            parent = name;
        }

        if (job.Tokens.Count % KeptPieces.PageTokens == 0)
        {
            foreach ((int _, int? slot) in job.Snapshots.Where(s => s.Tokens == job.Tokens.Count))
            {
                WriteSnapshot(job, parent, job.Tokens.Count, [], slot, now);
            }
        }

        folder.Keep(there, now);
    }

    private void WriteSnapshot(StateJob job, UInt128 parent, int first, int[] tokens, int? slot, long now)
    {
        KeptPiece piece = new(KeptKind.Snapshot, parent, StateNames.OfTokens(parent, tokens), first, tokens.Length,
            job.State.RecurrentBytes);
        folder.Write(piece, job.Scope, tokens, now, (offset, block) =>
        {
            job.State.SaveRecurrent(slot, offset, block);
            return job.IsRecurrentIntact;
        });
    }

    private static bool CopyRows(StateJob job, KeptPiece piece, long offset, Span<byte> block)
    {
        job.State.Pages.Save(piece.First, piece.Count, offset, block);
        return job.IntactTokens >= piece.End;
    }
}
