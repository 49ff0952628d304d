namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>A set of numbers of names.</summary>
internal sealed class NameSet : IEquatable<NameSet>
{
    private readonly ulong[] _bits;

    private NameSet(ulong[] bits)
    {
        _bits = bits;
    }

    /// <summary>No name.</summary>
    public static NameSet Empty { get; } = new([]);

    /// <summary>The names for which the place is true.</summary>
    public static NameSet Of(ReadOnlySpan<bool> flags)
    {
        if (!flags.Contains(true))
        {
            return Empty;
        }

        ulong[] bits = new ulong[(flags.Length + 63) / 64];
        for (int i = 0; i < flags.Length; i++)
        {
            bits[i / 64] |= flags[i] ? 1UL << (i % 64) : 0;
        }

        return new NameSet(bits);
    }

    /// <summary>Whether the name is in it.</summary>
    public bool Has(int name) => name / 64 < _bits.Length && (_bits[name / 64] & (1UL << (name % 64))) != 0;

    /// <summary>The set with a name more.</summary>
    public NameSet With(int name)
    {
        ulong[] bits = new ulong[Math.Max(_bits.Length, (name / 64) + 1)];
        _bits.CopyTo(bits, 0);
        bits[name / 64] |= 1UL << (name % 64);
        return new NameSet(bits);
    }

    /// <inheritdoc/>
    public bool Equals(NameSet? other) => other is not null && _bits.AsSpan().SequenceEqual(other._bits);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NameSet);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (ulong bits in _bits)
        {
            hash.Add(bits);
        }

        return hash.ToHashCode();
    }
}
