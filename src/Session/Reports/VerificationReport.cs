using System.Text.Json.Serialization;

namespace LayerStream.Session.Reports;

/// <summary>What <c>verify</c> found.</summary>
public sealed record VerificationReport
{
    /// <summary>The model's first file.</summary>
    public required string Model { get; init; }

    /// <summary>How many files it has.</summary>
    public required int Files { get; init; }

    /// <summary>The file of checksums that was compared or written; null when differences kept it from being written.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? Sums { get; init; }

    /// <summary>Whether the checksums were written now.</summary>
    public required bool Recorded { get; init; }

    /// <summary>Tensors read.</summary>
    public required int Tensors { get; init; }

    /// <summary>Bytes read.</summary>
    public required long Bytes { get; init; }

    /// <summary>Time of reading.</summary>
    public required double Seconds { get; init; }

    /// <summary>Whether reads bypass the page cache.</summary>
    public required bool DirectIo { get; init; }

    /// <summary>Files whose published SHA-256 was right.</summary>
    [JsonPropertyName("filesMatchingPublishedSha256")]
    public required int FilesMatchingPublished { get; init; }

    /// <summary>Most memory that the process had.</summary>
    public required long PeakMemoryBytes { get; init; }

    /// <summary>Parts that are not as they should be.</summary>
    public required IReadOnlyList<PartReport> Differences { get; init; }

    /// <summary>Parts that are odd, but as they were.</summary>
    public required IReadOnlyList<PartReport> Warnings { get; init; }
}

/// <summary>A part of a model file with what is wrong with it.</summary>
/// <param name="Tensor">Its name.</param>
/// <param name="File">The file.</param>
/// <param name="Offset">Where it begins.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Problem">What is wrong, in words.</param>
public sealed record PartReport(string Tensor, string File, long Offset, long Bytes, string Problem);
