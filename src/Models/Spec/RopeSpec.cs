namespace LayerStream.Models.Spec;

/// <summary>Rotary position embedding as the file states it for one kind of layer.</summary>
/// <param name="Dimensions">Rotated dimensions of a head.</param>
/// <param name="Theta">Base of the frequencies.</param>
public sealed record RopeSpec(int Dimensions, double Theta)
{
    /// <summary><c>none</c>, <c>linear</c>, <c>yarn</c> or <c>longrope</c>.</summary>
    public string ScalingType { get; init; } = "none";

    /// <summary>Scaling factor; 1 when the file has none.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Context before scaling, in tokens.</summary>
    public int OriginalContext { get; init; }

    public double BetaFast { get; init; } = 32;

    public double BetaSlow { get; init; } = 1;

    /// <summary>Divisors of the frequencies, or null. Beside <see cref="LongFactors"/> those for contexts up to the original one.</summary>
    public SmallWeight? Factors { get; init; }

    /// <summary>Divisors for contexts longer than the original one, or null.</summary>
    public SmallWeight? LongFactors { get; init; }

    /// <summary>Factor on cos and sin; null = what the scaling type implies.</summary>
    public float? Magnitude { get; init; }
}
