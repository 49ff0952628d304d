namespace LayerStream.Planning.Batches;

/// <summary>
/// Which tokens the copies of a recurrent state stand behind. A state can only be put back to one of them, so they lie where a next prompt
/// is likely to part from this one, and where there are more of such places than copies, those go that spare least. Pure.
/// </summary>
/// <param name="count">Copies that there is room for.</param>
public sealed class SnapshotSlots(int count)
{
    private readonly int[] _positions = new int[count]; // 0 = free
    private readonly bool[] _isTaken = new bool[count];

    /// <summary>Copies that there is room for.</summary>
    public int Count => _positions.Length;

    /// <summary>Tokens behind which copies stand.</summary>
    public IEnumerable<int> Taken => Enumerable.Range(0, Count).Where(i => _isTaken[i]).Select(i => _positions[i]);

    /// <summary>Tokens behind which the copy in a slot stands or will stand; 0 = it is free.</summary>
    public int Position(int slot) => _positions[slot];

    /// <summary>Whether the copy in a slot is still to be taken.</summary>
    public bool IsPlanned(int slot) => _positions[slot] > 0 && !_isTaken[slot];

    /// <summary>The slot whose copy stands behind that many tokens, or −1.</summary>
    public int Find(int tokens)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_isTaken[i] && _positions[i] == tokens)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Another sequence goes on behind some tokens: copies behind more of them, and those that were never taken, go.</summary>
    public void Cut(int tokens)
    {
        for (int i = 0; i < Count; i++)
        {
            if (!_isTaken[i] || _positions[i] > tokens)
            {
                (_positions[i], _isTaken[i]) = (0, false);
            }
        }
    }

    /// <summary>
    /// Finds slots for further copies. Where there are too many places, the one goes that is missed least: by how many tokens it spares
    /// against the one in front of it, and over how many no other spares them. The last of the new ones stays in any case.
    /// </summary>
    /// <param name="wanted">Numbers of tokens, rising.</param>
    public void Plan(IReadOnlyList<int> wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        if (Count == 0 || wanted.Count == 0)
        {
            return;
        }

        List<int> places = [.. _positions.Where(p => p > 0).Concat(wanted).Distinct().Order()];
        while (places.Count > Count)
        {
            places.Remove(Least(places, wanted[^1]));
        }

        for (int i = 0; i < Count; i++)
        {
            if (_positions[i] > 0 && !places.Remove(_positions[i]))
            {
                (_positions[i], _isTaken[i]) = (0, false);
            }
        }

        for (int i = 0; i < Count && places.Count > 0; i++)
        {
            if (_positions[i] == 0)
            {
                _positions[i] = places[0];
                places.RemoveAt(0);
            }
        }
    }

    /// <summary>What a slot holds is given up.</summary>
    public void Free(int slot) => (_positions[slot], _isTaken[slot]) = (0, false);

    /// <summary>A copy was put into a slot.</summary>
    public void Put(int slot, int tokens) => (_positions[slot], _isTaken[slot]) = (tokens, true);

    /// <summary>The copy of a slot stands.</summary>
    public void Take(int slot) => _isTaken[slot] = _positions[slot] > 0;

    private static int Least(List<int> places, int kept)
    {
        (int least, long loss) = (-1, long.MaxValue);
        for (int i = 0; i < places.Count; i++)
        {
            long spared = places[i] - (i > 0 ? places[i - 1] : 0), span = i + 1 < places.Count ? places[i + 1] - places[i] : int.MaxValue;
            if (places[i] != kept && spared * span < loss)
            {
                (least, loss) = (places[i], spared * span);
            }
        }

        return least;
    }
}
