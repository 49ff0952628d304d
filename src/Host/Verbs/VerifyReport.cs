using System.Globalization;
using LayerStream.Formats;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Session.Reports;
using LayerStream.Storage.Sums;

namespace LayerStream.Host.Verbs;

/// <summary>What <c>verify</c> found.</summary>
internal sealed class VerifyReport
{
    private readonly List<(TensorSum Part, string Problem)> _differences = [];

    public required GgufModel Model { get; init; }

    public required bool IsDirect { get; init; }

    public required bool IsRecording { get; init; }

    public IReadOnlyList<TensorSum> Sums { get; set; } = [];

    public double Seconds { get; set; }

    /// <summary>The file of checksums that was compared or written; null when differences kept it from being written.</summary>
    public string? Place { get; set; }

    public DateTimeOffset? Recorded { get; set; }

    /// <summary>Files whose published SHA-256 was right.</summary>
    public int FilesMatchingPublished { get; set; }

    public IReadOnlyList<(TensorSum Part, string Problem)> Differences => _differences;

    private int Tensors => Sums.Count(s => s.Name != TensorSum.HeaderName);

    private IEnumerable<(TensorSum Part, string Problem)> Warnings =>
    [
        .. Sums.Where(s => s.NonFinite > 0).Select(s => (s, $"{s.NonFinite} blocks or elements that are not finite")),
        .. Sums.Where(s => s.IsZero && _differences.All(d => d.Part != s)).Select(s => (s, "nothing but zeros")),
    ];

    public void AddFileDifference(int file, long length, string problem) =>
        _differences.Add((new TensorSum("(whole file)", file, 0, length, ""), problem));

    /// <summary>Compares with what was recorded; without that, parts that cannot be read count, and matrices of zeros, as downloads leave
    /// them that have not ended.</summary>
    /// <param name="recorded">What was recorded, or null.</param>
    /// <param name="acceptsZeros">Whether the user asked for the file to be recorded as it is.</param>
    public void AddDifferences(SumsFile? recorded, bool acceptsZeros)
    {
        if (recorded is not null)
        {
            _differences.AddRange(recorded.Compare(Sums));
            return;
        }

        _differences.AddRange(Sums.Where(s => s.ReadError is not null).Select(s => (s, $"cannot be read: {s.ReadError}")));
        if (!acceptsZeros)
        {
            _differences.AddRange(Sums.Where(s => s.IsZero)
                .Select(s => (s, "holds nothing but zeros (a download that has not ended? --record takes the file as it is)")));
        }
    }

    public void Write(bool json)
    {
        if (json)
        {
            StandardOutput.WriteJson(ToReport(), ReportJson.Default.VerificationReport);
            return;
        }

        foreach ((TensorSum part, string problem) in _differences)
        {
            Console.Out.WriteLine($"{part.Name} {problem}: {FileOf(part)}, offset {part.Offset}, {part.Length} bytes");
        }

        foreach ((TensorSum part, string problem) in Warnings)
        {
            Console.Out.WriteLine($"warning: {part.Name} has {problem}: {FileOf(part)}, offset {part.Offset}");
        }

        string size = ByteSize.Format(Sums.Sum(s => s.Length));
        string where = _differences.Count > 0 ? $"{_differences.Count} differences in {Tensors} tensors ({size})"
            : IsRecording ? $"recorded the checksums of {Tensors} tensors ({size}) in {Place}"
            : string.Create(CultureInfo.InvariantCulture,
            $"{Tensors} tensors ({size}) are as recorded on {Recorded:yyyy-MM-dd} in {Place}");
        string published = FilesMatchingPublished > 0 ? ", and the file matches its published SHA-256" : "";
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{where}{published} ({Seconds:F1} s)"));
    }

    private string FileOf(TensorSum part) => part.File < Model.Files.Count ? Model.Files[part.File]
        : "(a file that is no longer part of the model)";

    private VerificationReport ToReport() => new()
    {
        Model = Model.Files[0],
        Files = Model.Files.Count,
        Sums = Place,
        Recorded = IsRecording && Place is not null,
        Tensors = Tensors,
        Bytes = Sums.Sum(s => s.Length),
        Seconds = Seconds,
        DirectIo = IsDirect,
        FilesMatchingPublished = FilesMatchingPublished,
        PeakMemoryBytes = ProcessMemory.PeakResidentBytes(),
        Differences = [.. _differences.Select(Part)],
        Warnings = [.. Warnings.Select(Part)],
    };

    private PartReport Part((TensorSum Part, string Problem) odd) =>
        new(odd.Part.Name, FileOf(odd.Part), odd.Part.Offset, odd.Part.Length, odd.Problem);
}
