using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>Finds markers in a text that comes character by character; what may be the beginning of one is held back. No marker may begin
/// with another of the set.</summary>
internal sealed class MarkerScan(IReadOnlyList<string> markers)
{
    private readonly StringBuilder _held = new();

    /// <summary>Whether the last characters may be the beginning of a marker.</summary>
    public bool IsHolding => _held.Length > 0;

    /// <summary>Takes a character; gives the number of the marker it completes, or −1. What belongs to no marker is added to
    /// <paramref name="plain"/>.</summary>
    public int Take(char c, StringBuilder plain)
    {
        _held.Append(c);
        while (_held.Length > 0)
        {
            int found = Find(out bool isBeginning);
            if (found >= 0)
            {
                _held.Clear();
                return found;
            }

            if (isBeginning)
            {
                return -1;
            }

            plain.Append(_held[0]);
            _held.Remove(0, 1);
        }

        return -1;
    }

    /// <summary>No more characters come: what was held back belongs to no marker.</summary>
    public void Flush(StringBuilder plain)
    {
        plain.Append(_held);
        _held.Clear();
    }

    private int Find(out bool isBeginning)
    {
        isBeginning = false;
        for (int i = 0; i < markers.Count; i++)
        {
            string marker = markers[i];
            if (marker.Length >= _held.Length && Begins(marker))
            {
                if (marker.Length == _held.Length)
                {
                    return i;
                }

                isBeginning = true;
            }
        }

        return -1;
    }

    private bool Begins(string marker)
    {
        for (int i = 0; i < _held.Length; i++)
        {
            if (marker[i] != _held[i])
            {
                return false;
            }
        }

        return true;
    }
}
