namespace LayerStream.Formats.Writing;

/// <summary>Random numbers that are the same everywhere for a seed (Steele, Lea and Flood 2014); not for secrets.</summary>
/// <param name="seed">Any value.</param>
public struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in (0, 1).</summary>
    public double Uniform() => ((Next() >> 11) + 0.5) / (1UL << 53);

    /// <summary>Uniform in [0, <paramref name="count"/>), count far below 2^64.</summary>
    public long Below(long count) => (long)(Next() % (ulong)count);

    /// <summary>Normal with mean 0 and variance 1 (Box and Muller 1958).</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(Uniform())) * Math.Cos(2 * Math.PI * Uniform());
}
