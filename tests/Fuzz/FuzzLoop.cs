using System.Diagnostics;
using System.Globalization;

namespace LayerStream.Fuzz;

/// <summary>Makes inputs from seeds, drives them one after the other, and keeps those that misbehave.</summary>
internal sealed class FuzzLoop(IReadOnlyList<string> seedFiles, string folder, int seed)
{
    private const int RunEvery = 4;
    private const int HangSeconds = 5;

    private readonly GgufImage[] _seeds = [.. seedFiles.Select(GgufImage.Read)];
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, string> _findings = [];
    private readonly SortedDictionary<string, long> _reached = new(StringComparer.Ordinal);
    private long _startedTicks;

    /// <summary>Inputs driven.</summary>
    internal long Inputs { get; private set; }

    /// <summary>Inputs that generated tokens.</summary>
    internal long Runs { get; private set; }

    /// <summary>Longest input in seconds.</summary>
    internal double SlowestSeconds { get; private set; }

    /// <summary>How often each stage was the last.</summary>
    internal IReadOnlyDictionary<string, long> Reached => _reached;

    /// <summary>One entry for each distinct misbehaviour: what, and the file kept for it.</summary>
    internal IReadOnlyDictionary<string, string> Findings => _findings;

    /// <summary>Seconds the current input has taken; a watchdog of the caller's ends the process above <see cref="HangSeconds"/>.</summary>
    internal bool IsHanging => Volatile.Read(ref _startedTicks) is > 0 and long t && Stopwatch.GetElapsedTime(t).TotalSeconds > HangSeconds;

    /// <summary>The file being driven; on a hang or a crash of the process it is the culprit.</summary>
    internal string CurrentPath { get; } = Path.Combine(folder, "current.gguf");

    /// <summary>Drives one input.</summary>
    internal void Step()
    {
        byte[] file = new Mutator(_random).Mutate(_seeds[_random.Next(_seeds.Length)]);
        File.WriteAllBytes(CurrentPath, file);
        Volatile.Write(ref _startedTicks, Stopwatch.GetTimestamp());
        string stage;
        try
        {
            bool run = _random.Next(RunEvery) == 0;
            (stage, Exception? error) = HostileTarget.Drive(CurrentPath, run);
            Runs += run && stage == "run" ? 1 : 0;
            stage += error is null ? "" : ": " + error.GetType().Name;
        }
        catch (Exception e)
        {
            stage = "finding";
            Keep(file, e);
        }

        double seconds = Stopwatch.GetElapsedTime(_startedTicks).TotalSeconds;
        Volatile.Write(ref _startedTicks, 0);
        if (seconds > HangSeconds)
        {
            Keep(file, new TimeoutException("took too long"));
        }

        SlowestSeconds = Math.Max(SlowestSeconds, seconds);
        _reached[stage] = _reached.GetValueOrDefault(stage) + 1;
        Inputs++;
    }

    private void Keep(byte[] file, Exception error)
    {
        string? place = error.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("LayerStream", StringComparison.Ordinal))?.Trim();
        string what = $"{error.GetType().Name} {place ?? error.Message}";
        if (!_findings.ContainsKey(what))
        {
            string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"finding-{seed}-{Inputs}.gguf"));
            File.WriteAllBytes(path, file);
            File.WriteAllText(path + ".txt", error.ToString());
            _findings.Add(what, path);
        }
    }
}
