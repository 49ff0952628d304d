namespace LayerStream.Planning.Batches;

/// <summary>
/// Chooses the rows of a pass: one for each sequence that waits for its next token, and what is left for the prompts of those that join,
/// those of the background last.
/// Pure: the same demands and limits give the same rows. A row's results do not depend on the choice, only its time does.
/// </summary>
public static class BatchPlanner
{
    /// <summary>Fills <paramref name="rows"/>, one number for each sequence.</summary>
    /// <returns>Whether some sequence comes to its last row, so that the pass needs the head.</returns>
    public static bool Plan(ReadOnlySpan<SequenceDemand> demands, in PassLimits limits, Span<int> rows)
    {
        rows[..demands.Length].Clear();
        int left = limits.Rows, logits = limits.WithHead ? limits.LogitRows : 0;
        bool isDecoding = false;
        for (int i = 0; i < demands.Length; i++)
        {
            if (!demands[i].IsPrompt && demands[i].Rows > 0 && left > 0)
            {
                isDecoding = true;
                if (logits > 0)
                {
                    (rows[i], left, logits) = (1, left - 1, logits - 1);
                }
            }
        }

        int room = isDecoding ? Math.Min(left, limits.PromptRowsBeside) : left;
        int ending = SharePrompts(demands, isBackground: false, ref room, logits, rows);
        ending += SharePrompts(demands, isBackground: true, ref room, logits - ending, rows);
        AddDrafts(demands, limits, Math.Min(limits.Rows - Sum(rows[..demands.Length]), logits - ending), rows);
        for (int i = 0; i < demands.Length; i++)
        {
            if (rows[i] > 0 && (!demands[i].IsPrompt || rows[i] == demands[i].Rows))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Guesses take what is left, in the order of coming; each needs its logits.</summary>
    private static void AddDrafts(ReadOnlySpan<SequenceDemand> demands, in PassLimits limits, int left, Span<int> rows)
    {
        for (int i = 0; i < demands.Length && left > 0; i++)
        {
            int added = !demands[i].IsPrompt && rows[i] == 1 && limits.WithHead ? Math.Min(demands[i].Drafts, left) : 0;
            (rows[i], left) = (rows[i] + added, left - added);
        }
    }

    private static int Sum(ReadOnlySpan<int> rows)
    {
        int sum = 0;
        foreach (int row in rows)
        {
            sum += row;
        }

        return sum;
    }

    /// <summary>Equal shares, shortest first, so that what a short prompt leaves goes to the longer ones.</summary>
    /// <returns>Prompts that come to their last row.</returns>
    private static int SharePrompts(ReadOnlySpan<SequenceDemand> demands, bool isBackground, ref int room, int logits, Span<int> rows)
    {
        int unserved = 0, shortest = 0, ending = 0;
        foreach (SequenceDemand demand in demands)
        {
            unserved += demand is { IsPrompt: true, Rows: > 0 } && demand.IsBackground == isBackground ? 1 : 0;
        }

        for (int after = -1; unserved > 0 && room > 0; after = shortest, unserved--)
        {
            shortest = NextShortest(demands, isBackground, after);
            int wanted = demands[shortest].Rows, share = Math.Max(1, room / unserved), passes = (int)(((long)wanted + share - 1) / share);
            int taken = wanted / passes; // passes of a prompt are of equal size
            if (taken == wanted)
            {
                taken -= logits > ending ? 0 : 1;
                ending += taken == wanted ? 1 : 0;
            }

            rows[shortest] = taken;
            room -= taken;
        }

        return ending;
    }

    /// <summary>The shortest prompt that is behind another in the order of length, then of coming.</summary>
    private static int NextShortest(ReadOnlySpan<SequenceDemand> demands, bool isBackground, int after)
    {
        int best = -1;
        for (int i = 0; i < demands.Length; i++)
        {
            bool isBehind = after < 0 || demands[i].Rows > demands[after].Rows || (demands[i].Rows == demands[after].Rows && i > after);
            bool isMeant = demands[i] is { IsPrompt: true, Rows: > 0 } && demands[i].IsBackground == isBackground;
            if (isMeant && isBehind && (best < 0 || demands[i].Rows < demands[best].Rows))
            {
                best = i;
            }
        }

        return best;
    }
}
