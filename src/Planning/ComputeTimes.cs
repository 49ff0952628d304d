namespace LayerStream.Planning;

/// <summary>How long a token computes when everything it needs is in memory, measured on this machine. Seconds.</summary>
/// <param name="OutsideSeconds">All that is not in a layer with experts: other layers, final norm, head.</param>
/// <param name="BeforeSeconds">A layer with experts, until it demands them: mixer, norms, router.</param>
/// <param name="GuessSeconds">Of it, until a guess of its experts could be read ahead: the router on the state that enters.</param>
/// <param name="BesideSeconds">The same layer, while its first experts may be on their way: shared network, sum.</param>
/// <param name="ExpertSeconds">One expert.</param>
/// <param name="ExpertLayers">Layers with experts.</param>
public sealed record ComputeTimes(double OutsideSeconds, double BeforeSeconds, double GuessSeconds, double BesideSeconds,
    double ExpertSeconds, int ExpertLayers)
{
    /// <summary>A model without experts.</summary>
    public static ComputeTimes Dense(double seconds) => new(seconds, 0, 0, 0, 0, 0);

    /// <summary>Seconds of a token.</summary>
    /// <param name="expertsPerToken">Experts of all layers that a token is routed to.</param>
    public double TokenSeconds(double expertsPerToken) =>
        OutsideSeconds + (ExpertLayers * (BeforeSeconds + BesideSeconds)) + (expertsPerToken * ExpertSeconds);
}
