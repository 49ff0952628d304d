namespace LayerStream.Models;

/// <summary>Rotary position embedding as the file states it.</summary>
/// <param name="Dimensions">Rotated dimensions of a head.</param>
/// <param name="Theta">Base of the frequencies.</param>
/// <param name="ScalingType"><c>none</c>, <c>linear</c> or <c>yarn</c>.</param>
/// <param name="Factor">Scaling factor; 1 when the file has none.</param>
/// <param name="OriginalContext">Context before scaling, in tokens.</param>
/// <param name="Factors">Divisors of the frequencies (<c>rope_freqs</c>), or null.</param>
public sealed record RopeSpec(
    int Dimensions, double Theta, string ScalingType, double Factor, int OriginalContext, double BetaFast, double BetaSlow, SmallWeight? Factors);
