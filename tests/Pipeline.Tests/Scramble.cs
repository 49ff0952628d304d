namespace LayerStream.Pipeline.Tests;

/// <summary>Numbers that look random and are the same in every process, unlike those of <see cref="HashCode"/>: a schedule that failed can
/// be run again.</summary>
internal static class Scramble
{
    /// <summary>A number from 0 to <paramref name="below"/> − 1 for the <paramref name="index"/>-th use of a seed (SplitMix64).</summary>
    public static int Of(int seed, long index, int below)
    {
        ulong z = unchecked(((ulong)(uint)seed << 32) + ((ulong)index * 0x9E3779B97F4A7C15));
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return (int)((z ^ (z >> 31)) % (ulong)below);
    }
}
