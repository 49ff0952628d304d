namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>White space between the signs of JSON: where texts are made, a blank, or a line feed and an indentation.</summary>
internal static class WhiteSpace
{
    /// <summary>None so far.</summary>
    public const int None = 0;

    private const int Closed = 1;
    private const int Indented = 2;
    private const int MostIndentation = 40;

    /// <summary>What there is with a byte more, or null: it is none, or too much.</summary>
    public static int? Add(int space, byte value, bool checks)
    {
        if (value is not ((byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r'))
        {
            return null;
        }

        if (checks)
        {
            return Closed;
        }

        return space switch
        {
            None when value == (byte)' ' => Closed,
            None when value == (byte)'\n' => Indented,
            >= Indented and < Indented + MostIndentation when value is (byte)' ' or (byte)'\t' => space + 1,
            _ => null,
        };
    }
}
