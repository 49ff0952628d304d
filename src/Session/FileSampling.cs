using LayerStream.Formats;
using LayerStream.Sampling;

namespace LayerStream.Session;

/// <summary>The sampling that a model file recommends (<c>general.sampling.*</c>): defaults below every flag, variable and
/// setting.</summary>
public static class FileSampling
{
    private static readonly (string Key, string Option, Func<SamplingOptions, double, SamplingOptions> Apply)[] s_rows =
    [
        ("temp", "temperature", (o, v) => o with { Temperature = (float)v }),
        ("top_k", "top-k", (o, v) => o with { TopK = (int)v }),
        ("top_p", "top-p", (o, v) => o with { TopP = (float)v }),
        ("min_p", "min-p", (o, v) => o with { MinP = (float)v }),
        ("xtc_probability", "xtc-probability", (o, v) => o with { XtcProbability = (float)v }),
        ("xtc_threshold", "xtc-threshold", (o, v) => o with { XtcThreshold = (float)v }),
        ("penalty_repeat", "repeat-penalty", (o, v) => o with { RepeatPenalty = (float)v }),
        ("penalty_last_n", "repeat-last-n", (o, v) => o with { RepeatLastN = (int)v }),
    ];

    /// <summary>The options with the file's values wherever the user said nothing.</summary>
    /// <param name="metadata">Metadata of the file.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="given">Names of the options that were set.</param>
    /// <param name="warning">Values of the file that cannot be used, or null.</param>
    public static SamplingOptions Apply(GgufMetadata metadata, SamplingOptions options, IReadOnlySet<string> given, out string? warning)
    {
        List<string> bad = [];
        foreach ((string key, string option, Func<SamplingOptions, double, SamplingOptions> apply) in s_rows)
        {
            string name = "general.sampling." + key;
            if (given.Contains(option) || !metadata.Contains(name))
            {
                continue;
            }

            try
            {
                SamplingOptions changed = apply(options, metadata.GetDouble(name, 0));
                changed.Validate();
                options = changed;
            }
            catch (Exception e) when (e is ModelFormatException or ArgumentException)
            {
                bad.Add(name);
            }
        }

        warning = bad.Count == 0 ? null : $"the file's {string.Join(", ", bad)} cannot be used and is left out";
        return options;
    }
}
