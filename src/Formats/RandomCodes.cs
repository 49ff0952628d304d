namespace LayerStream.Formats;

/// <summary>What the values of a block of random codes are like, and what has to be set in it so that their mean is 0.</summary>
/// <param name="Variance">Variance of the codes, all equally frequent.</param>
/// <param name="GroupScale">Scale, and minimum, of all groups within the block.</param>
/// <param name="Middle">The block's second number in units of its first; it stands for the minimum.</param>
public sealed record RandomCodes(double Variance, int GroupScale = 1, double Middle = 0)
{
    /// <summary>Runs of equal bytes that are not random: offset, length, byte.</summary>
    public IReadOnlyList<(int Offset, int Length, byte Value)> Fixed { get; init; } = [];

    /// <summary>The largest code, where elements are set to it.</summary>
    public LargestCode? Largest { get; init; }

    /// <summary>Variance of a uniform choice of <paramref name="codes"/> whole numbers.</summary>
    public static double Uniform(int codes) => (((double)codes * codes) - 1) / 12;
}

/// <summary>How the first elements of a block are set to the largest code: one byte each.</summary>
/// <param name="Offset">Offset of the first element's byte.</param>
/// <param name="Kept">Bits that belong to other elements.</param>
/// <param name="Set">The code's bits.</param>
/// <param name="Value">The code's value, without scales.</param>
public sealed record LargestCode(int Offset, byte Kept, byte Set, double Value);
