using System.Threading.Channels;
using LayerStream.Planning.Batches;

namespace LayerStream.Actors.Kept;

/// <summary>Writes the states that sequences leave to the folder, one after the other, beside everything else. What it cannot write costs
/// nobody anything but the sparing.</summary>
/// <param name="folder">The folder; outlives the writer.</param>
internal sealed class StateWriter(StateFolder folder)
{
    private readonly Channel<StateJob> _jobs = Channel.CreateUnbounded<StateJob>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _lock = new();
    private readonly Lock _oneAtATime = new(); // the folder has one buffer for writing
    private Task _writing = Task.CompletedTask;
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
        if (!folder.CanWrite || job.Tokens.Count == 0 || !_jobs.Writer.TryWrite(job))
        {
            return;
        }

        lock (_lock)
        {
            if (_writing.IsCompleted)
            {
                _writing = Task.Run(WriteAll);
            }
        }
    }

    /// <summary>Completes when everything that was taken over is written or given up; later states are refused.</summary>
    internal async Task EndAsync()
    {
        _jobs.Writer.TryComplete();
        Task writing;
        do
        {
            lock (_lock)
            {
                writing = _writing = _writing.IsCompleted && _jobs.Reader.TryPeek(out _) ? Task.Run(WriteAll) : _writing;
            }

            await writing;
        }
        while (_jobs.Reader.TryPeek(out _));
    }

    private void WriteAll()
    {
        while (_jobs.Reader.TryRead(out StateJob? job))
        {
            Write(job);
        }
    }

    /// <summary>Writes a state on the calling thread, for one that is about to be changed.</summary>
    internal void Write(StateJob job)
    {
        if (!folder.CanWrite || job.Tokens.Count == 0)
        {
            return;
        }

        lock (_oneAtATime)
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
            foreach ((int at, int? slot) in job.Snapshots.Where(s => s.Tokens >= first && s.Tokens < first + KeptPieces.PageTokens))
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
