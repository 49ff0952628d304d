using System.Diagnostics;
using LayerStream.Actors.Drafts;
using LayerStream.Actors.Loading;
using LayerStream.Actors.Ring;
using LayerStream.Actors.Tracing;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;

namespace LayerStream.Actors.Run;

/// <summary>What a run's body works with on the compute thread: passes over the model, one after the other.</summary>
internal sealed class ComputeSession(
    ModelSpec spec, Decoder decoder, RingTileSource source, RingExpertSource experts, PassAccount account, Workspace work,
        IReadOnlyList<SequenceState> states, EmbeddingRows embeddings, EmbeddingRows? layerInputs, TraceRing trace,
        DepthTuning tuning, CrewTuning crew)
{
    private readonly PassRow[] _rows = new PassRow[work.Batch];
    private RunContext? _run;
    private RouteRecorder? _recorder;
    private int _pass;
    private int _announced;

    internal ModelSpec Spec => spec;

    internal PassAccount Account => account;

    internal IExpertSource Experts => experts;

    internal long PredictedBytesUseful => experts.PredictedBytesUseful;

    internal long PredictedBytesWasted => experts.PredictedBytesWasted;

    internal TraceRing Trace => trace;

    /// <summary>Choices of experts skipped since the engine started.</summary>
    internal long SkippedExperts => decoder.SkippedExperts;

    /// <summary>Most rows of a prompt pass.</summary>
    internal int Batch => work.Batch;

    /// <summary>Most rows whose logits fit.</summary>
    internal int LogitRows => work.LogitRows;

    /// <summary>Tokens of context of each sequence.</summary>
    internal int Context => states[0].Context;

    /// <summary>States of sequences.</summary>
    internal IReadOnlyList<Seat> Seats { get; } = [.. states.Select((state, index) => new Seat(index, state))];

    /// <summary>The model that guesses for this one, or null.</summary>
    internal DraftModel? Drafts { get; init; }

    /// <summary>Rows of all passes since the engine started.</summary>
    internal long PassRows { get; private set; }

    /// <summary>Passes since the engine started.</summary>
    internal int Pass => _pass;

    internal RunContext Run => _run ?? throw new InvalidOperationException("no run is active");

    /// <summary>Records what the passes from now on route, until the run ends.</summary>
    internal void Record(RouteRecorder recorder) => (_recorder, decoder.Routes) = (recorder, recorder.Routed);

    internal void Begin(RunContext run)
    {
        _run = run;
        _announced = _pass;
        source.BeginRun(run.Cancelled);
        experts.BeginRun(run.Cancelled);
    }

    internal void End()
    {
        source.ReturnHeld();
        _run?.Passes.Writer.TryComplete();
        (_run, _recorder, decoder.Routes) = (null, null, null);
    }

    /// <summary>Tells prefetch of the next pass that it does not know yet.</summary>
    internal void Announce(bool withHead) => Run.Passes.Writer.TryWrite(new PassOrder(_announced++, withHead));

    /// <summary>Runs one announced pass over <paramref name="count"/> ids of the sequence at the first seat; logits of the last
    /// <paramref name="logitRows"/> rows.</summary>
    /// <exception cref="KeyValueRangeException">A value does not fit into the type of keys and values.</exception>
    internal void Execute(IReadOnlyList<int> ids, int first, int count, int position, int logitRows)
    {
        Run.Cancelled.ThrowIfCancellationRequested();
        BeginPass();
        states[0].Tries = false;
        if (position == 0)
        {
            Seats[0].Forget();
            states[0].Restart();
        }

        KeptSeats.Trim(Seats.Skip(1), states[0].Pages.Pool, () => states[0].Pages.Missing(position, position + count));

        for (int r = 0; r < count; r++)
        {
            Place(r, 0, ids[first + r], position + r);
        }

        decoder.RunLayers(_rows, count, 0, spec.Layers.Count);
        if (logitRows > 0)
        {
            decoder.Head(count - logitRows, logitRows);
        }

        PassRows += count;
        EndPass(count);
        _recorder?.EndPass(count, position);
        if (states[0].Fault is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Puts a token into a row of the pass that has begun.</summary>
    internal void Place(int row, int seat, int id, int position)
    {
        _rows[row] = new PassRow(states[seat], id, position);
        embeddings.Read(id, decoder.InputRow(row));
        layerInputs?.Read(id, decoder.LayerInputRow(row));
    }

    /// <summary>Takes over the first rows of a sequence that the last pass only tried.</summary>
    internal void TakeOver(int seat, int rows) => decoder.TakeOver(states[seat], rows);

    /// <summary>Takes the rows in place through all layers.</summary>
    /// <param name="count">Number of rows.</param>
    /// <param name="between">Called between two layers; it may <see cref="Keep"/> some rows only.</param>
    internal void RunLayers(int count, Action between)
    {
        PassRows += count;
        decoder.Begin(_rows, count, fromEmbeddings: true);
        for (int layer = 0; layer < spec.Layers.Count; layer++)
        {
            if (layer > 0)
            {
                between();
            }

            decoder.RunLayer(layer);
        }
    }

    /// <summary>Goes on with some rows of the pass only, given by their rising numbers.</summary>
    internal void Keep(ReadOnlySpan<int> rows) => decoder.Keep(rows);

    /// <summary>Logits of some rows of the pass, in the order given; without rows the head only passes by.</summary>
    internal void RunHead(ReadOnlySpan<int> rows)
    {
        if (rows.IsEmpty)
        {
            decoder.PassHeadBy();
        }
        else
        {
            decoder.Head(rows);
        }
    }

    /// <summary>Hands what the pass routed to the recorder, if there is one; it is then the pass of one sequence alone.</summary>
    internal void RecordRoutes(int count, int position) => _recorder?.EndPass(count, position);

    internal void BeginPass()
    {
        tuning.BeginPass();
        account.BeginPass(_pass);
        experts.BeginPass();
        crew.BeginPass();
    }

    internal void EndPass(int rows = 1)
    {
        account.EndCompute(Stopwatch.GetTimestamp(), -1);
        experts.EndPass(rows);
        tuning.EndPass(rows);
        crew.EndPass(rows);
        _pass++;
    }

    /// <summary>Logits of a row of the last pass.</summary>
    internal Span<float> Logits(int row) => work.LogitsRow(row, spec.Vocabulary);

    /// <summary>A row of the last pass behind the last layer and its norm; once for each.</summary>
    internal Span<float> NormedState(int row) => decoder.NormedRow(row);

    /// <summary>Records an interval of this thread.</summary>
    /// <param name="kind">What it was spent on.</param>
    /// <param name="begin">When it began.</param>
    /// <param name="pass">Number of the pass; of a request the first one.</param>
    /// <param name="rows">Rows of the pass; of a request its tokens.</param>
    /// <param name="sequence">Number of the sequence, from 1; 0 = several at once.</param>
    /// <param name="end">When it ended; 0 = now.</param>
    internal void Record(TraceKind kind, long begin, int pass, int rows, int sequence, long end = 0) => trace.Add(new TraceEvent
    {
        Kind = kind,
        StartTicks = begin,
        EndTicks = end > 0 ? end : Stopwatch.GetTimestamp(),
        Tile = -1,
        Pass = pass,
        Rows = (ushort)Math.Min(rows, ushort.MaxValue),
        Sequence = (ushort)Math.Min(sequence, ushort.MaxValue),
    });
}
