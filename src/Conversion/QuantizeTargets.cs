using static LayerStream.Conversion.RaisedShare;
using static LayerStream.Formats.TensorType;

namespace LayerStream.Conversion;

/// <summary>
/// The table of targets: one row for each name. One rule for all mixtures: the output matrix has Q6_K at least; S raises nothing, M raises
/// <see cref="EverySecond"/> and L raises <see cref="RaisedShare.All"/>, by two steps among Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, and to Q6_K at
/// most. Numbers of <c>general.file_type</c> are those of the GGUF specification.
/// </summary>
public static class QuantizeTargets
{
    private static readonly (string Alias, string Name)[] s_aliases = [("Q3_K", "Q3_K_M"), ("Q4_K", "Q4_K_M"), ("Q5_K", "Q5_K_M")];

    /// <summary>All rows, by bits.</summary>
    public static IReadOnlyList<QuantizeTarget> All { get; } =
    [
        new("Q2_K_S", 21, Q2_K, Q6_K, Q2_K, None),
        new("Q2_K", 10, Q2_K, Q6_K, Q4_K, EverySecond),
        new("Q3_K_S", 11, Q3_K, Q6_K, Q3_K, None),
        new("Q3_K_M", 12, Q3_K, Q6_K, Q5_K, EverySecond),
        new("Q3_K_L", 13, Q3_K, Q6_K, Q5_K, RaisedShare.All),
        new("Q4_0", 2, Q4_0, Q6_K, Q4_0, None),
        new("Q4_1", 3, Q4_1, Q6_K, Q4_1, None),
        new("Q4_K_S", 14, Q4_K, Q6_K, Q4_K, None),
        new("Q4_K_M", 15, Q4_K, Q6_K, Q6_K, EverySecond),
        new("Q5_0", 8, Q5_0, Q6_K, Q5_0, None),
        new("Q5_1", 9, Q5_1, Q6_K, Q5_1, None),
        new("Q5_K_S", 16, Q5_K, Q6_K, Q5_K, None),
        new("Q5_K_M", 17, Q5_K, Q6_K, Q6_K, EverySecond),
        new("Q6_K", 18, Q6_K, Q6_K, Q6_K, None),
        new("Q8_0", 7, Q8_0, Q8_0, Q8_0, None),
        new("F16", 1, F16, F16, F16, None),
        new("BF16", 32, BF16, BF16, BF16, None),
        new("F32", 0, F32, F32, F32, None),
        new("COPY", null, null, null, null, None),
    ];

    /// <summary>Names and short names.</summary>
    public static IEnumerable<string> Names => All.Select(t => t.Name).Concat(s_aliases.Select(a => a.Alias));

    /// <summary>The row of a name or short name, whatever its letter case; null without one.</summary>
    public static QuantizeTarget? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach ((string alias, string full) in s_aliases)
        {
            name = string.Equals(name, alias, StringComparison.OrdinalIgnoreCase) ? full : name;
        }

        return All.FirstOrDefault(t => string.Equals(t.Name, name, StringComparison.OrdinalIgnoreCase));
    }
}
