namespace LayerStream.Actors.Sweep;

/// <summary>The rows of a pass that nobody waits for any more.</summary>
internal static class CancelledRows
{
    /// <summary>Takes the rows of cancelled sequences out of the pass under way. The last ones stay, because a pass has rows; their run is
    /// cancelled as a whole.</summary>
    /// <param name="active">Sequences of the pass, in the order of their rows.</param>
    /// <param name="kept">Takes the numbers of the rows that stay.</param>
    /// <returns>How many stay; 0 = all of them.</returns>
    internal static int Drop(List<SequenceRun> active, int[] kept)
    {
        int dropped = 0, left = 0;
        foreach (SequenceRun run in active)
        {
            dropped += Goes(run, active) ? run.Rows : 0;
            left += run.Rows;
        }

        if (dropped == 0 || dropped == left)
        {
            return 0;
        }

        int count = 0;
        foreach (SequenceRun run in active)
        {
            if (run.Rows > 0 && Goes(run, active))
            {
                run.EndCancelled();
                (run.Rows, run.WantsLogits) = (0, false);
                continue;
            }

            int first = count;
            for (int r = 0; r < run.Rows; r++)
            {
                kept[count++] = run.FirstRow + r;
            }

            run.FirstRow = first;
        }

        return count;
    }

    /// <summary>Whose rows others of the pass look at stays to its end.</summary>
    private static bool Goes(SequenceRun run, List<SequenceRun> active)
    {
        if (!run.IsCancelled)
        {
            return false;
        }

        foreach (SequenceRun other in active)
        {
            if (other.Rows > 0 && other.Lead.IsAhead && other.Lead.Leader == run)
            {
                return false;
            }
        }

        return true;
    }
}
