using System.Collections.Concurrent;
using System.Globalization;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>General categories of Unicode by their names in patterns.</summary>
internal static class UnicodeCategories
{
    // In the order of System.Globalization.UnicodeCategory.
    private static readonly string[] s_short =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps",
        "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    private static readonly Dictionary<string, string> s_long = new(StringComparer.Ordinal)
    {
        ["Letter"] = "L",
        ["Uppercase_Letter"] = "Lu",
        ["Lowercase_Letter"] = "Ll",
        ["Titlecase_Letter"] = "Lt",
        ["Modifier_Letter"] = "Lm",
        ["Other_Letter"] = "Lo",
        ["Mark"] = "M",
        ["Number"] = "N",
        ["Decimal_Number"] = "Nd",
        ["digit"] = "Nd",
        ["Letter_Number"] = "Nl",
        ["Other_Number"] = "No",
        ["Punctuation"] = "P",
        ["Symbol"] = "S",
        ["Currency_Symbol"] = "Sc",
        ["Math_Symbol"] = "Sm",
        ["Separator"] = "Z",
        ["Space_Separator"] = "Zs",
        ["Other"] = "C",
        ["Control"] = "Cc",
    };

    private static readonly ConcurrentDictionary<string, CodePointSet> s_sets = new(StringComparer.Ordinal);

    /// <summary>The set of a category, or of a group of them.</summary>
    public static CodePointSet Named(string name, string pattern)
    {
        string given = name.StartsWith("gc=", StringComparison.Ordinal) ? name[3..]
            : name.StartsWith("General_Category=", StringComparison.Ordinal) ? name["General_Category=".Length..] : name;
        string wanted = s_long.GetValueOrDefault(given, given);
        return wanted.Length is 1 or 2 && s_short.Any(s => s.StartsWith(wanted, StringComparison.Ordinal))
            ? s_sets.GetOrAdd(wanted, Find)
            : throw GrammarException.Unsupported(
                $"\\p{{{name}}}", $"The property \\p{{{name}}} of the pattern '{pattern}' is not supported; general categories are.");
    }

    private static CodePointSet Find(string prefix)
    {
        bool[] isIn = [.. s_short.Select(s => s.StartsWith(prefix, StringComparison.Ordinal))];
        List<(int Low, int High)> ranges = [];
        for (int point = 0; point <= CodePointSet.Last; point++)
        {
            if (isIn[(int)CharUnicodeInfo.GetUnicodeCategory(point)])
            {
                if (ranges.Count > 0 && ranges[^1].High == point - 1)
                {
                    ranges[^1] = (ranges[^1].Low, point);
                }
                else
                {
                    ranges.Add((point, point));
                }
            }
        }

        return CodePointSet.Of(ranges);
    }
}
