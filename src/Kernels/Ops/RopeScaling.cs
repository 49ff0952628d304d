namespace LayerStream.Kernels.Ops;

/// <summary>Builds the frequencies of a <see cref="RopeTable"/> from a model's rope metadata. All in F64.</summary>
public static class RopeScaling
{
    private delegate (double[] Omega, double Magnitude) Scaling(double[] frequencies, in Parameters parameters);

    private static readonly Dictionary<string, Scaling> s_types = new(StringComparer.Ordinal)
    {
        ["none"] = static (double[] f, in Parameters _) => (f, 1),
        ["linear"] = static (double[] f, in Parameters p) => (Divide(f, p.Factor), 1),
        ["yarn"] = Yarn,
        ["longrope"] = static (double[] f, in Parameters _) => (f, 1), // the factors are in freqFactors
    };

    /// <summary>Whether <see cref="Create"/> knows the scaling type.</summary>
    public static bool Supports(string type) => s_types.ContainsKey(Canonical(type));

    /// <summary>Frequencies ω_p for p &lt; dims / 2, from f_p = θ^(−2p/dims) / freqFactors_p.</summary>
    /// <param name="dims">Rotated dimensions n_rot: even, positive.</param>
    /// <param name="theta">Base θ.</param>
    /// <param name="type">none, linear (also for an empty name), yarn or longrope.</param>
    /// <param name="factor">s of linear and yarn; 0 or less means 1.</param>
    /// <param name="originalContext">L0 of yarn, in tokens.</param>
    /// <param name="betaFast">Rotations within L0 above which yarn leaves a pair alone (32).</param>
    /// <param name="betaSlow">Rotations within L0 below which yarn divides a pair by s (1).</param>
    /// <param name="freqFactors">Divisors, at least dims / 2 of them (rope_freqs, or the chosen longrope factors); null = all 1.</param>
    /// <param name="magnitude">Replaces the magnitude the type implies: longrope's attn_factor, or 1 for yarn_log_multiplier files.</param>
    /// <exception cref="ArgumentException">Unknown type, or a parameter out of range.</exception>
    public static RopeTable Create(
        int dims,
        double theta,
        string type = "none",
        double factor = 1,
        int originalContext = 0,
        double betaFast = 32,
        double betaSlow = 1,
        float[]? freqFactors = null,
        float? magnitude = null)
    {
        if (dims <= 0 || dims % 2 != 0 || !(theta > 0))
        {
            throw new ArgumentException($"rope needs an even number of dimensions and a positive base, got {dims} and {theta}.");
        }

        if (freqFactors is not null && freqFactors.Length < dims / 2)
        {
            throw new ArgumentException($"{freqFactors.Length} rope factors for {dims / 2} pairs.", nameof(freqFactors));
        }

        if (!s_types.TryGetValue(Canonical(type), out Scaling? scaling))
        {
            throw new ArgumentException($"unknown rope scaling type \"{type}\".", nameof(type));
        }

        var frequencies = new double[dims / 2];
        for (int p = 0; p < frequencies.Length; p++)
        {
            frequencies[p] = Elementary.Pow(theta, -2.0 * p / dims) / (freqFactors is null ? 1.0 : freqFactors[p]);
        }

        var parameters = new Parameters(dims, theta, factor > 0 ? factor : 1, originalContext, betaFast, betaSlow);
        (double[] omega, double implied) = scaling(frequencies, parameters);
        return new RopeTable(omega, magnitude ?? (float)implied);
    }

    private static string Canonical(string type) => string.IsNullOrEmpty(type) ? "linear" : type;

    private static double[] Divide(double[] frequencies, double factor) => Array.ConvertAll(frequencies, f => f / factor);

    private static (double[] Omega, double Magnitude) Yarn(double[] frequencies, in Parameters p)
    {
        if (p.OriginalContext <= 0 || p.Theta == 1)
        {
            throw new ArgumentException("yarn needs an original context length and a base other than 1.");
        }

        double low = Math.Max(0, Math.Floor(PairTurning(p.BetaFast, p)));
        double high = Math.Min(p.Dims - 1, Math.Ceiling(PairTurning(p.BetaSlow, p)));
        double width = Math.Max(0.001, high - low);
        var omega = new double[frequencies.Length];
        for (int i = 0; i < omega.Length; i++)
        {
            double interpolated = Math.Clamp((i - low) / width, 0, 1);
            omega[i] = (frequencies[i] * (1 - interpolated)) + (frequencies[i] / p.Factor * interpolated);
        }

        return (omega, p.Factor <= 1 ? 1 : (0.1 * Elementary.Log(p.Factor)) + 1);
    }

    /// <summary>The (fractional) pair that turns <paramref name="rotations"/> times within the original context.</summary>
    private static double PairTurning(double rotations, in Parameters p) =>
        p.Dims * Elementary.Log(p.OriginalContext / (2 * Math.PI * rotations)) / (2 * Elementary.Log(p.Theta));

    private readonly record struct Parameters(
        int Dims, double Theta, double Factor, int OriginalContext, double BetaFast, double BetaSlow);
}
