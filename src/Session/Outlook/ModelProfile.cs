using LayerStream.Planning;

namespace LayerStream.Session.Outlook;

/// <summary>What earlier runs of a model on this machine taught.</summary>
public sealed record ModelProfile
{
    private const int MostScores = 50;
    private const double Absurd = 1e15; // of a rate or a time: such a file is not ours

    /// <summary>Name of its first file.</summary>
    public required string Model { get; init; }

    /// <summary>Bytes of all its files: another file under the same name is another model.</summary>
    public required long FileBytes { get; init; }

    /// <summary>Compute threads.</summary>
    public required int Threads { get; init; }

    /// <summary>How long a token computes.</summary>
    public required ComputeTimes Compute { get; init; }

    /// <summary>What the device delivers.</summary>
    public required ReadRates Rates { get; init; }

    /// <summary>What the tuner of depth and reads found best, and under which budget; null = nothing yet.</summary>
    public LearntSetting? Tuned { get; init; }

    /// <summary>Predictions and what came of them, the oldest first.</summary>
    public IReadOnlyList<RunScore> Scores { get; init; } = [];

    /// <summary>What predictions of a later process stand on.</summary>
    public SpeedBasis Basis => new(Compute, Rates, SpeedSource.Profile);

    /// <summary>Whether its figures can be what a run wrote.</summary>
    internal bool IsSound => Model.Length is > 0 and < 1024 && FileBytes > 0 && Threads is > 0 and <= 4096 && Scores.Count <= MostScores
        && Compute is { ExpertLayers: >= 0 } && Rates is { StreamBytesPerSecond: > 0, BurstBytesPerSecond: > 0, ConcurrentBytes: >= 0 }
        && new[] { Compute.OutsideSeconds, Compute.BeforeSeconds, Compute.GuessSeconds, Compute.BesideSeconds, Compute.ExpertSeconds,
            Rates.StreamBytesPerSecond, Rates.BurstBytesPerSecond, Rates.CpuSecondsPerByte }.All(v => v is >= 0 and < Absurd)
        && (Tuned is null or { Depth: > 0 and <= 65536, Reads: > 0 and <= 65536, BudgetBytes: > 0 })
        && Scores.All(s => s is { Predicted: > 0 and < Absurd, Measured: > 0 and < Absurd });

    /// <summary>With one more score; the oldest goes when there are too many.</summary>
    public ModelProfile With(RunScore score) => this with { Scores = [.. Scores.Append(score).TakeLast(MostScores)] };

    /// <summary>Whether it is of the same model on as many threads.</summary>
    public bool IsOf(string model, long fileBytes, int threads) => Model == model && FileBytes == fileBytes && Threads == threads;
}
