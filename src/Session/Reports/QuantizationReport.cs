namespace LayerStream.Session.Reports;

/// <summary>A model file that was written with other tensor types.</summary>
public sealed record QuantizationReport
{
    /// <summary>Its path.</summary>
    public required string File { get; init; }

    /// <summary>The type asked for.</summary>
    public required string Type { get; init; }

    /// <summary>Tensors.</summary>
    public required int Tensors { get; init; }

    /// <summary>Weights.</summary>
    public required long Parameters { get; init; }

    /// <summary>Length of the file.</summary>
    public required long Bytes { get; init; }

    /// <summary>Length of what it was made from.</summary>
    public required long SourceBytes { get; init; }

    /// <summary>Bits of tensors ÷ weights.</summary>
    public required double BitsPerWeight { get; init; }

    /// <summary>Time of writing.</summary>
    public required double Seconds { get; init; }

    /// <summary>Rate of reading the source.</summary>
    public required double ReadBytesPerSecond { get; init; }

    /// <summary>The budget.</summary>
    public required long BudgetBytes { get; init; }

    /// <summary>Most memory that the process had.</summary>
    public required long PeakMemoryBytes { get; init; }

    /// <summary>Tensors by type, the most bytes first.</summary>
    public required IReadOnlyList<TypeReport> Types { get; init; }

    /// <summary>What is worth knowing.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>Tensors of one type.</summary>
/// <param name="Type">The type.</param>
/// <param name="Tensors">How many.</param>
/// <param name="Bytes">Their length.</param>
public sealed record TypeReport(string Type, int Tensors, long Bytes);
