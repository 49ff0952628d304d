using LayerStream.Formats.Writing;

namespace LayerStream.Pipeline.Tests;

/// <summary>Numbers that look random and are the same in every process, unlike those of <see cref="HashCode"/>: a schedule that failed can
/// be run again.</summary>
internal static class Scramble
{
    /// <summary>A number from 0 to <paramref name="below"/> − 1 for the <paramref name="index"/>-th use of a seed.</summary>
    public static int Of(int seed, long index, int below) => (int)new SplitMix64(((ulong)(uint)seed << 32) ^ (ulong)index).Below(below);
}
