using System.Globalization;

namespace LayerStream.Tokenization.PreTokenization;

/// <summary>A set of code points as sorted inclusive ranges.</summary>
internal sealed class CodePointRanges
{
    private readonly int[] _first;
    private readonly int[] _last;

    private CodePointRanges(IEnumerable<(int First, int Last)> ranges)
    {
        (int First, int Last)[] sorted = [.. ranges.OrderBy(range => range.First)];
        _first = [.. sorted.Select(range => range.First)];
        _last = [.. sorted.Select(range => range.Last)];
        for (int i = 1; i < _last.Length; i++)
        {
            _last[i] = Math.Max(_last[i], _last[i - 1]);
        }
    }

    public static CodePointRanges None { get; } = new([]);

    /// <summary>The Han ideographs of the Kimi pre-tokeniser.</summary>
    public static CodePointRanges Han { get; } =
        Parse("3400-4DBF 4E00-9FFF F900-FAFF 20000-2A6DF 2A700-2EBEF 2F800-2FA1F");

    /// <summary>From hexadecimal ranges separated by blanks, such as <c>41-5A B5</c>.</summary>
    public static CodePointRanges Parse(string ranges) =>
        new(ranges.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(range =>
        {
            string[] ends = range.Split('-');
            return (Hex(ends[0]), Hex(ends[^1]));
        }));

    /// <summary>The characters of a text.</summary>
    public static CodePointRanges Of(string characters) => new(characters.Select(c => ((int)c, (int)c)));

    public bool Contains(int codePoint)
    {
        int index = Array.BinarySearch(_first, codePoint);
        index = index >= 0 ? index : ~index - 1;
        return index >= 0 && codePoint <= _last[index];
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
