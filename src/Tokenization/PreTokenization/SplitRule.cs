namespace LayerStream.Tokenization.PreTokenization;

/// <summary>One rule of a pre-tokeniser: every match becomes a word, and so does every gap between matches.</summary>
internal abstract class SplitRule
{
    /// <summary>Matches at a position.</summary>
    /// <returns>Length in code points, at most <paramref name="end"/> - <paramref name="position"/>; 0 = no match;
    /// -n = no match at this and the n - 1 next positions.</returns>
    public abstract int Match(in CodePointText text, int position, int end);

    /// <summary>Splits every word of <paramref name="ends"/> (ascending ends, the first begins at 0) into
    /// <paramref name="result"/>.</summary>
    public void Apply(in CodePointText text, List<int> ends, List<int> result)
    {
        int begin = 0;
        foreach (int end in ends)
        {
            int gap = begin;
            int position = begin;
            while (position < end)
            {
                int length = Match(text, position, end);
                if (length <= 0)
                {
                    position += Math.Max(1, -length);
                    continue;
                }

                if (gap < position)
                {
                    result.Add(position);
                }

                position += length;
                gap = position;
                result.Add(position);
            }

            if (gap < end)
            {
                result.Add(end);
            }

            begin = end;
        }
    }
}
