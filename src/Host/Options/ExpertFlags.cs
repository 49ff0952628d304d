using LayerStream.Kernels.Ops;
using LayerStream.Planning.Experts;
using LayerStream.Session;

namespace LayerStream.Host.Options;

/// <summary>Options of models with experts.</summary>
internal static class ExpertFlags
{
    private const string PerTokenName = "experts", DropColdName = "drop-cold-experts", PolicyName = "expert-policy";

    private static readonly string s_policies = string.Join(", ", ExpertPolicies.All.Select(p => p.Name));

    /// <summary>Names and help.</summary>
    public static IReadOnlyList<(string Name, string Help)> Texts { get; } =
    [
        (PerTokenName, "LOSSY: experts per token, fewer than the model's own number; the best ones, weighted by the family's own rule "
            + "over them (default: the model's own)"),
        (DropColdName, "LOSSY: an expert that is not in memory is skipped for a token whose router gives it less than this share (above "
            + "0, to 1) of the token's weights, without "
            + "renormalising the others; the output then depends on the budget and on what ran before (default: never)"),
        (PolicyName, $"which experts stay in memory, never what they compute: {s_policies} (default: {ExpertPolicies.Default})"),
    ];

    /// <summary>Experts per token; 0 = the model's own number.</summary>
    public static int PerToken(Func<string, string?> read) => read(PerTokenName) is { } text
        ? OptionText.Whole(PerTokenName, text, 1, RouterRule.MaxSelected) : 0;

    /// <summary>Least share of a token's weights; 0 = never skip.</summary>
    public static float DropCold(Func<string, string?> read) => read(DropColdName) switch
    {
        null => 0,
        string text when OptionText.Real(DropColdName, text) is > 0 and <= 1 and float share => share,
        string text => throw new UsageException($"--{DropColdName} takes a share above 0, at most 1, not '{text}'."),
    };

    /// <summary>Name of the policy.</summary>
    public static string Policy(Func<string, string?> read) => read(PolicyName) is not { } name ? ExpertPolicies.Default
        : ExpertPolicies.Find(name)?.Name ?? throw new UsageException($"--{PolicyName} takes one of {s_policies}, not '{name}'.");
}
