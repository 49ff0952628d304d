using System.Text.RegularExpressions;

namespace LayerStream.Session.Catalogue;

/// <summary>Names of quantisations, such as <c>Q4_K_M</c>, as files bear them.</summary>
public static partial class QuantTag
{
    // general.file_type of the GGUF specification; numbers that are not here are no longer written.
    private static readonly Dictionary<long, string> s_fileTypes = new()
    {
        [0] = "F32",
        [1] = "F16",
        [2] = "Q4_0",
        [3] = "Q4_1",
        [7] = "Q8_0",
        [8] = "Q5_0",
        [9] = "Q5_1",
        [10] = "Q2_K",
        [11] = "Q3_K_S",
        [12] = "Q3_K_M",
        [13] = "Q3_K_L",
        [14] = "Q4_K_S",
        [15] = "Q4_K_M",
        [16] = "Q5_K_S",
        [17] = "Q5_K_M",
        [18] = "Q6_K",
        [19] = "IQ2_XXS",
        [20] = "IQ2_XS",
        [21] = "Q2_K_S",
        [22] = "IQ3_XS",
        [23] = "IQ3_XXS",
        [24] = "IQ1_S",
        [25] = "IQ4_NL",
        [26] = "IQ3_S",
        [27] = "IQ3_M",
        [28] = "IQ2_S",
        [29] = "IQ2_M",
        [30] = "IQ4_XS",
        [31] = "IQ1_M",
        [32] = "BF16",
        [36] = "TQ1_0",
        [37] = "TQ2_0",
        [38] = "MXFP4_MOE",
    };

    /// <summary>The tag at the end of a name without its ending, in capitals; null when there is none.</summary>
    public static string? OfName(string stem) =>
        AtEnd().Match(stem) is { Success: true } match ? match.Groups["tag"].Value.ToUpperInvariant() : null;

    /// <summary>A name without the tag at its end.</summary>
    public static string Without(string stem) => AtEnd().Replace(stem, "");

    /// <summary>The tag of a value of <c>general.file_type</c>, or null.</summary>
    public static string? OfFileType(long fileType) => s_fileTypes.GetValueOrDefault(fileType);

    [GeneratedRegex(@"(?:^|[-._])(?<tag>(?:UD-)?I?Q[1-8](?:_[0-9A-Z]{1,3}){0,3}|TQ[12]_0|MXFP4(?:_MOE)?|NVFP4|BF16|FP?16|FP?32)"
        + @"(?:[-._]imat(?:rix)?)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AtEnd();
}
