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
    private int _count; // rows that the pass goes on with
    private bool _isBehind; // whether the rows are in the engine behind
    private PartLink? _behind;

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

    /// <summary>The engine that runs the layers behind and the head, or null. It hears of every change of a state.</summary>
    internal PartLink? Behind
    {
        get => _behind;
        set
        {
            _behind = value;
            foreach (SequenceState state in states)
            {
                state.Changed = value is null ? null : (of, order) => value.Tell(new PartOrder.State(of.Number, order));
            }
        }
    }

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
        _behind?.Tell(new PartOrder.RunEnd());
        _run?.Passes.Writer.TryComplete();
        (_run, _recorder, decoder.Routes) = (null, null, null);
    }

    /// <summary>Tells prefetch of the next pass that it does not know yet.</summary>
    internal void Announce(bool withHead)
    {
        Run.Passes.Writer.TryWrite(new PassOrder(_announced, withHead, source.Announce(_announced)));
        _announced++;
        _behind?.Tell(new PartOrder.Announced(withHead));
    }

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

        RunLayers(count, static () => { });
        if (logitRows > 0)
        {
            RunHead([.. Enumerable.Range(count - logitRows, logitRows)]);
        }

        EndPass(count);
        _recorder?.EndPass(count, position);
        if (states[0].Fault is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Puts a token into a row of the pass that has begun.</summary>
    /// <param name="row">Number of the row.</param>
    /// <param name="seat">Seat of its sequence.</param>
    /// <param name="id">The token.</param>
    /// <param name="position">Its position.</param>
    /// <param name="behind">As <see cref="PassRow.Behind"/>.</param>
    internal void Place(int row, int seat, int id, int position, SequenceState? behind = null)
    {
        _rows[row] = new PassRow(states[seat], id, position, behind);
        embeddings.Read(id, decoder.InputRow(row));
        layerInputs?.Read(id, decoder.LayerInputRow(row));
    }

    /// <summary>Puts what the layers in front made of a token into a row of the pass that has begun.</summary>
    internal void Place(int row, int seat, int id, int position, ReadOnlySpan<float> stream)
    {
        _rows[row] = new PassRow(states[seat], id, position);
        stream.CopyTo(decoder.InputRow(row));
    }

    /// <summary>Does what was done to a sequence's state in the layers in front.</summary>
    internal void Follow(int seat, in StateOrder order)
    {
        if (order.Change == StateChange.TakeOver)
        {
            TakeOver(seat, order.Tokens);
        }
        else
        {
            states[seat].Apply(order, states);
        }
    }

    /// <summary>Takes over the first rows of a sequence that the last pass only tried.</summary>
    internal void TakeOver(int seat, int rows)
    {
        decoder.TakeOver(states[seat], rows);
        _behind?.Tell(new PartOrder.State(seat, new StateOrder(StateChange.TakeOver, rows)));
    }

    /// <summary>Takes the rows in place through all layers.</summary>
    /// <param name="count">Number of rows.</param>
    /// <param name="between">Called between two layers; it may <see cref="Keep"/> some rows only.</param>
    internal void RunLayers(int count, Action between)
    {
        PassRows += count;
        _count = count;
        decoder.Begin(_rows, count, fromEmbeddings: spec.FirstLayer == 0);
        for (int layer = 0; layer < spec.Layers.Count; layer++)
        {
            if (layer > 0)
            {
                between();
            }

            decoder.RunLayer(layer);
        }

        if (_behind is not null)
        {
            HandOver(_behind, between);
        }
    }

    /// <summary>The rows go on in the engine behind; between its layers rows may still be given up.</summary>
    private void HandOver(PartLink link, Action between)
    {
        between();
        float[] streams = new float[_count * spec.Width];
        (int, int, int)[] places = new (int, int, int)[_count];
        for (int r = 0; r < _count; r++)
        {
            places[r] = (_rows[r].Sequence.Number, _rows[r].Token, _rows[r].Position);
            decoder.InputRow(r).CopyTo(streams.AsSpan(r * spec.Width));
        }

        link.Tell(new PartOrder.Rows(places, streams, [.. states.Select(s => s.Tries)]));
        _isBehind = true;
        try
        {
            PartReply reply;
            do
            {
                reply = Await(link);
                between();
            }
            while (!reply.IsLast);
        }
        finally
        {
            _isBehind = false;
        }
    }

    private PartReply Await(PartLink link)
    {
        long begin = Stopwatch.GetTimestamp();
        PartReply reply = link.NextReply(Run.Cancelled);
        account.EndWait(begin, -1, StallReason.Scheduler);
        for (int sequence = 0; sequence < reply.Faults.Length; sequence++)
        {
            if (reply.Faults[sequence] is { } fault)
            {
                states[sequence].Note(fault);
            }
        }

        return reply;
    }

    /// <summary>Goes on with some rows of the pass only, given by their rising numbers.</summary>
    internal void Keep(ReadOnlySpan<int> rows)
    {
        _count = rows.Length;
        decoder.Keep(rows);
        if (_isBehind)
        {
            _behind!.Tell(new PartOrder.Keep(rows.ToArray()));
        }
    }

    /// <summary>Logits of some rows of the pass, in the order given; without rows the head only passes by.</summary>
    internal void RunHead(ReadOnlySpan<int> rows)
    {
        if (_behind is { } link)
        {
            link.Tell(new PartOrder.Head(rows.ToArray()));
            float[] logits = Await(link).Values;
            for (int r = 0; r < rows.Length; r++)
            {
                logits.AsSpan(r * spec.Vocabulary, spec.Vocabulary).CopyTo(Logits(r));
            }
        }
        else if (rows.IsEmpty)
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
        source.BeginPass();
        experts.BeginPass();
        crew.BeginPass();
    }

    internal void EndPass(int rows = 1)
    {
        _behind?.Tell(new PartOrder.PassEnd(rows));
        account.EndCompute(Stopwatch.GetTimestamp(), -1);
        experts.EndPass(rows);
        tuning.EndPass(rows);
        crew.EndPass(rows);
        _pass++;
    }

    /// <summary>Logits of a row of the last pass.</summary>
    internal Span<float> Logits(int row) => work.LogitsRow(row, spec.Vocabulary);

    /// <summary>A row of the last pass behind the last layer and its norm; once for each.</summary>
    internal Span<float> NormedState(int row)
    {
        if (_behind is not { } link)
        {
            return decoder.NormedRow(row);
        }

        link.Tell(new PartOrder.Normed(row));
        return Await(link).Values;
    }

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
