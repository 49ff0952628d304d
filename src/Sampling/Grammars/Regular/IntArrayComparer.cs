using System.Diagnostics.CodeAnalysis;

namespace LayerStream.Sampling.Grammars.Regular;

/// <summary>Arrays as equal when their elements are.</summary>
internal sealed class IntArrayComparer : IEqualityComparer<int[]>
{
    /// <summary>The only one.</summary>
    public static IntArrayComparer Instance { get; } = new();

    /// <inheritdoc/>
    public bool Equals(int[]? x, int[]? y) => x is null ? y is null : y is not null && x.AsSpan().SequenceEqual(y);

    /// <inheritdoc/>
    public int GetHashCode([DisallowNull] int[] obj)
    {
        uint hash = 2166136261;
        foreach (int value in obj)
        {
            hash = (hash ^ (uint)value) * 16777619;
            hash ^= hash >> 15;
        }

        return (int)hash;
    }
}
