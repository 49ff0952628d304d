using System.Diagnostics;
using LayerStream.Actors.Drafts;
using LayerStream.Actors.Kept;
using LayerStream.Actors.Run;
using LayerStream.Actors.Tracing;
using LayerStream.Models.Decoding;
using LayerStream.Planning.Batches;
using LayerStream.Planning.Drafts;

namespace LayerStream.Actors.Sweep;

/// <summary>One generation among those that share the passes. Changed by the compute thread only, but for the cancel.</summary>
internal sealed class SequenceRun(RunRequest request, int context)
{
    private readonly List<int> _history = [.. request.Prompt];
    private readonly List<int> _generated = [];
    private readonly UInt128? _scope = request.ReuseScope is { } scope ? StateNames.OfScope(scope) : null;
    private volatile bool _isCancelled;
    private bool _isRecorded; // whether the trace has its span

    internal RunRequest Request => request;

    /// <summary>Prompt and generated tokens.</summary>
    internal IReadOnlyList<int> History => _history;

    internal IReadOnlyList<int> Generated => _generated;

    internal SequenceFigures Figures { get; } = new();

    /// <summary>When it came, in Stopwatch ticks.</summary>
    internal long AcceptedTicks { get; } = request.AcceptedTicks > 0 ? request.AcceptedTicks : Stopwatch.GetTimestamp();

    /// <summary>Number of the first pass that it could take part in.</summary>
    internal int FirstPass { get; set; }

    /// <summary>Most tokens to generate.</summary>
    internal int Most { get; } = Math.Min(request.MaxTokens, context - request.Prompt.Count);

    /// <summary>Tokens that have been through the model: the position of the next row.</summary>
    internal int Done { get; set; }

    /// <summary>Tokens of the prompt that were in its state when it began.</summary>
    internal int Cached { get; set; }

    /// <summary>Whose state is its own while it is seated.</summary>
    internal Seat Seat { get; set; } = null!;

    /// <summary>What it may use of other sequences, and they of it; what it records must be read as a whole.</summary>
    internal UInt128? Scope => IsAlone ? null : _scope;

    /// <summary>First of its rows in the pass under way.</summary>
    internal int FirstRow { get; set; }

    /// <summary>Rows in the pass under way; 0 = none.</summary>
    internal int Rows { get; set; }

    /// <summary>Whether its next rows are of a prompt, or of what must be read again, and not its newest token.</summary>
    internal bool IsReading => _generated.Count == 0 || _history.Count - Done > 1;

    /// <summary>Whether some of its rows are guesses.</summary>
    internal bool HasDrafts => !IsReading && Rows > 1;

    /// <summary>Pages for its tokens and a first one to grow into, as far as it may grow.</summary>
    internal int PagesAhead =>
        Math.Min(PageLayout.Pages(_history.Count + 1) + 1, PageLayout.Pages(request.Prompt.Count + Math.Max(1, Most)));

    /// <summary>Pages that its next rows take.</summary>
    internal int MissingPages => Rows == 0 ? 0 : Seat.State.Pages.Missing(Done, Done + Rows) - (Lead.IsAhead ? Lead.MissingPages : 0);

    /// <summary>Pages that it takes beside those it holds, as far as it may grow to the next one.</summary>
    internal int Growth => Math.Max(0, PagesAhead - Seat.State.Pages.Held - Lead.MissingPages);

    /// <summary>Who reads the beginning that it need not read.</summary>
    internal SequenceLead Lead { get; private set; } = SequenceLead.None;

    /// <summary>Pages that it held in its last pass.</summary>
    internal int LastPages { get; private set; }

    /// <summary>How often it gave its pages up and waited for others.</summary>
    internal int Parks { get; private set; }

    /// <summary>Passes with rows of it since it took its seat.</summary>
    internal int SeatedPasses { get; private set; }

    /// <summary>Whether the pass under way gives its next token.</summary>
    internal bool WantsLogits { get; set; }

    /// <summary>Of its rows in the pass under way, the last ones whose logits are wanted.</summary>
    internal int LogitCount => !WantsLogits ? 0 : IsReading ? 1 : Rows;

    /// <summary>Guesses how it goes on.</summary>
    internal SequenceDrafts Drafts { get; init; } = new([], new DraftGate());

    /// <summary>Why it has ended, or null while it goes on.</summary>
    internal string? FinishReason { get; private set; }

    /// <summary>What it failed with, or null; the others of its passes go on.</summary>
    internal Exception? Failure { get; private set; }

    internal bool HasEnded => FinishReason is not null || Failure is not null;

    /// <summary>Whether it takes no other sequence beside it: what it records or fails at belongs to the run as a whole.</summary>
    internal bool IsAlone => FaultHook is not null || request.Routes is not null;

    /// <summary>Test hook of its run.</summary>
    internal Action<string>? FaultHook { get; init; }

    /// <summary>Whether nobody waits for the answer any more; set by anyone.</summary>
    internal bool IsCancelled => _isCancelled;

    internal TaskCompletionSource<RunResult> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Tokens of the prompt that are still to be read, or the newest token and guesses behind it.</summary>
    internal SequenceDemand Demand => HasEnded ? default
        : new SequenceDemand(_history.Count - Done, IsReading, Drafts.Count, request.IsBackground);

    /// <summary>Of another one's tokens, those that it can lend.</summary>
    internal int Lends(SequenceRun other) =>
        other.Scope is null || other.Scope != Scope ? 0 : Seat.LendsAt(_history, Done, other.History);

    /// <summary>Of another one's tokens, full pages that both of them need and it is about to read; 0 where those are not nearly all that
    /// the two have in common. Only in the background: the other one waits for it.</summary>
    internal int Leads(SequenceRun other)
    {
        if (!request.IsBackground || !other.Request.IsBackground || Scope is null || Scope != other.Scope || Lead.Leader is not null
            || !Seat.State.LendsAhead)
        {
            return 0;
        }

        int tokens = KeptTokens.FullPages(new KeptTokens(_history, null).ResumeAt(other.History));
        return tokens > Done ? tokens : 0;
    }

    /// <summary>It is seated beside others, and need not read what one of them is about to.</summary>
    internal void Follow(List<SequenceRun> seated)
    {
        Lead = SequenceLead.None;
        foreach (SequenceRun other in seated)
        {
            int tokens = other.Leads(this);
            Lead = tokens > Lead.Tokens ? new SequenceLead(this, other, tokens) : Lead;
        }
    }

    /// <summary>It reads all that is left of its tokens.</summary>
    internal void EndFollowing() => Lead = SequenceLead.None;

    /// <summary>What is left of its tokens behind what seats keep of them, or what those that run can lend.</summary>
    internal int TokensToRead(IEnumerable<Seat> unused, IEnumerable<SequenceRun> seated) => _history.Count
        - unused.Select(seat => seat.ResumeAt(Scope, _history)).Concat(seated.Select(run => run.Lends(this))).DefaultIfEmpty(0).Max();

    /// <summary>It has its seat, and goes on behind what the state has of its tokens.</summary>
    /// <returns>Whether it is there for the first time.</returns>
    internal bool Begin()
    {
        bool isFirst = Figures.Passes == 0;
        (Done, SeatedPasses) = (Seat.Begin(Scope, _history), 0);
        Cached = isFirst ? Done : Cached;
        return isFirst;
    }

    /// <summary>It leaves its seat until there are pages again.</summary>
    internal void Park()
    {
        (Parks, SeatedPasses) = (Parks + 1, 0);
        EndFollowing();
        Drafts.End(_history);
    }

    /// <summary>A pass with rows of it is over.</summary>
    internal void CountPass()
    {
        LastPages = Seat.State.Pages.Held;
        SeatedPasses++;
        Figures.Passes++;
    }

    /// <summary>It has a seat, and with it a place in the model that guesses, if there is one.</summary>
    internal void BeginDrafts(DraftModel? model) =>
        Drafts.Begin(model?.Seats[Seat.Index], seat => seat.Begin(Scope, _history, request.DraftDraws, () => _isCancelled));

    /// <summary>Guesses for the next pass, no more than the sequence may still have behind its next token.</summary>
    internal void Propose() => Drafts.Propose(_history, HasEnded || IsReading ? 0
        : Math.Min(DraftGate.MostDrafts, Most - _generated.Count - 1));

    /// <summary>Token of a row of the pass under way.</summary>
    internal int Token(int row) => Done + row < _history.Count ? _history[Done + row] : Drafts[Done + row - _history.Count];

    /// <summary>What it will demand after the pass under way, unless its next token ends it.</summary>
    internal SequenceDemand NextDemand(int rows)
    {
        int left = Math.Max(0, _history.Count - Math.Max(Done, Lead.Tokens) - rows);
        return HasEnded ? default
            : left > 0 ? new SequenceDemand(left, _generated.Count == 0 || left > 1, IsBackground: request.IsBackground)
            : new SequenceDemand(_generated.Count + 1 < Most ? 1 : 0, false);
    }

    internal void Cancel() => _isCancelled = true;

    internal void Fail(Exception failure) => Failure ??= failure;

    internal void End(string reason) => FinishReason ??= reason;

    /// <summary>It ends between two tokens, because nobody waits for it any more or the engine ends the run.</summary>
    internal void EndCancelled()
    {
        End("cancelled");
        Figures.Stop();
    }

    /// <summary>Samples and reports one token, and ends the sequence if it is the last. Exceptions of the caller's code pass
    /// through.</summary>
    /// <param name="logits">Logits of the newest row.</param>
    /// <param name="vocabulary">Tokens that there are.</param>
    /// <param name="throwIfChanged">Called before the token leaves.</param>
    internal void Pick(Span<float> logits, int vocabulary, Action throwIfChanged)
    {
        int id = request.Sample(logits, _history);
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, vocabulary);
        throwIfChanged(); // what was computed may mix old and new bytes: no such token leaves
        _history.Add(id);
        _generated.Add(id);
        if (request.OnToken(id))
        {
            End(request.FinishReasonOnStop);
        }
        else if (_generated.Count >= Most)
        {
            End("length");
        }
    }

    /// <summary>
    /// Samples a token for the newest row, and for each guess behind it as long as the one in front was drawn. Every draw is the one that
    /// the sequence would have had without guesses.
    /// </summary>
    /// <param name="logits">Logits of its rows, by number.</param>
    /// <param name="vocabulary">Tokens that there are.</param>
    /// <param name="throwIfChanged">Called before a token leaves.</param>
    /// <returns>Rows that stand for tokens of the sequence.</returns>
    internal int PickAll(Func<int, Span<float>> logits, int vocabulary, Action throwIfChanged)
    {
        int right = 1;
        for (int row = 0; row < right; row++)
        {
            Pick(logits(row), vocabulary, throwIfChanged);
            right += !HasEnded && row + 1 < Rows && _generated[^1] == Drafts[row] ? 1 : 0;
        }

        Drafts.Judge(_history, Rows - 1, right - 1);
        return right;
    }

    /// <summary>Ends a sequence that wants no token at all once its prompt is read.</summary>
    internal void EndWithoutToken() => End("length");

    /// <summary>A sequence that has ended is a span of the trace, from its coming on.</summary>
    internal void RecordEnd(ComputeSession session)
    {
        if (HasEnded && !_isRecorded)
        {
            _isRecorded = true;
            session.Record(TraceKind.Request, AcceptedTicks, FirstPass, _generated.Count, Seat.Index + 1);
        }
    }
}
