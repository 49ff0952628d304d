namespace LayerStream.Actors.Run;

/// <summary>A run of the engine behind, on its compute thread: it does what the engine in front says, pass after pass.</summary>
/// <param name="link">Where orders come from.</param>
internal sealed class PartBody(PartLink link)
{
    private ComputeSession _session = null!;
    private int _run;

    internal void Execute(ComputeSession session)
    {
        (_session, _run) = (session, link.Run);
        try
        {
            PartOrder order;
            do
            {
                order = link.NextOrder(session.Run.Cancelled);
                Follow(order);
            }
            while (order is not PartOrder.RunEnd);
        }
        catch (Exception e)
        {
            link.Reply(_run, new PartReply(true, [], [], e));
            throw;
        }
    }

    private void Follow(PartOrder order)
    {
        switch (order)
        {
            case PartOrder.State state:
                _session.Follow(state.Sequence, state.Order);
                break;
            case PartOrder.Announced pass:
                _session.Announce(pass.WithHead);
                break;
            case PartOrder.Rows rows:
                RunLayers(rows);
                break;
            case PartOrder.Keep keep:
                _session.Keep(keep.Numbers);
                break;
            case PartOrder.Head head:
                RunHead(head.Numbers);
                break;
            case PartOrder.Normed normed:
                Answer(_session.NormedState(normed.Row).ToArray());
                break;
            case PartOrder.PassEnd end:
                _session.EndPass(end.Count);
                break;
            default:
                break; // the run is over
        }
    }

    private void RunLayers(PartOrder.Rows rows)
    {
        _session.BeginPass();
        for (int sequence = 0; sequence < rows.Tries.Length; sequence++)
        {
            _session.Seats[sequence].State.Tries = rows.Tries[sequence];
        }

        int width = _session.Spec.Width;
        for (int r = 0; r < rows.Places.Length; r++)
        {
            (int sequence, int token, int position) = rows.Places[r];
            _session.Place(r, sequence, token, position, rows.Streams.AsSpan(r * width, width));
        }

        _session.RunLayers(rows.Places.Length, Between);
        Answer([]);
    }

    /// <summary>Between two layers: the engine in front looks whether a row is still wanted, and this one at what it said before.</summary>
    private void Between()
    {
        link.Reply(_run, new PartReply(false, [], []));
        while (link.TryKeep(out PartOrder.Keep? keep))
        {
            _session.Keep(keep.Numbers);
        }
    }

    private void RunHead(int[] rows)
    {
        _session.RunHead(rows);
        int vocabulary = _session.Spec.Vocabulary;
        float[] logits = new float[rows.Length * vocabulary];
        for (int r = 0; r < rows.Length; r++)
        {
            _session.Logits(r).CopyTo(logits.AsSpan(r * vocabulary, vocabulary));
        }

        Answer(logits);
    }

    private void Answer(float[] values) => link.Reply(_run, new PartReply(true, values, [.. _session.Seats.Select(s => s.State.Fault)]));
}
