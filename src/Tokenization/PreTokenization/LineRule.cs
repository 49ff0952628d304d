namespace LayerStream.Tokenization.PreTokenization;

/// <summary><c>[^\n]+|[\n]+</c></summary>
internal sealed class LineRule : SplitRule
{
    public override int Match(in CodePointText text, int position, int end)
    {
        bool newline = text[position] == '\n';
        int stop = position + 1;
        while (stop < end && (text[stop] == '\n') == newline)
        {
            stop++;
        }

        return stop - position;
    }
}
