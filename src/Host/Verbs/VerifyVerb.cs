using System.CommandLine;
using System.Diagnostics;
using LayerStream.Actors;
using LayerStream.Actors.Loading;
using LayerStream.Formats;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Session;
using LayerStream.Storage;
using LayerStream.Storage.Sums;

namespace LayerStream.Host.Verbs;

/// <summary><c>verify</c>: reads every byte of a model and compares it with checksums recorded earlier.</summary>
public static class VerifyVerb
{
    private const int Workers = 4;
    private const long HeapBytes = 24L << 20;
    private const long RuntimeGrowthBytes = 8L << 20;

    private static readonly Argument<string?> s_file = new("file")
    {
        Description = "GGUF file (default: --model)",
        Arity = ArgumentArity.ZeroOrOne
    };
    private static readonly Option<string?> s_sums = new("--sums")
    {
        Description = "file of the checksums (default: beside the model, or in the cache folder when that cannot be written)"
    };
    private static readonly Option<bool> s_record = new("--record") { Description = "record the checksums anew instead of comparing" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("verify", "Checks every tensor of a model file against checksums recorded by the first run.") { s_file,
            s_sums, s_record };
        verb.ShowExamples("layerstream verify models/big.gguf");
        verb.SetAction((parse, ct) => Task.FromResult(Run(parse, ct)));
        return verb;
    }

    private static int Run(ParseResult parse, CancellationToken ct)
    {
        ModelOptions options = CommonOptions.Bind(parse, parse.GetValue(s_file));
        if (parse.GetValue(s_sums) is { } sums)
        {
            OutputPlace.RefuseUnusable(s_sums.Name, sums); // every byte of the model is read before it is written
        }

        using ModelFiles files = new();
        GgufModel model = GgufModel.Open(options.ModelPath, files).WithoutMetadata();
        SumsPlace place = new(model.Files[0], parse.GetValue(s_sums));
        string? path = parse.GetValue(s_record) ? null : place.Find();
        SumsFile? recorded = path is null ? null : SumsFile.Load(path);
        bool talk = !options.Quiet && !options.Json;
        using FlashDevice device = FlashDevice.Open(files);
        if (talk && device.FallbackReason is { } reason)
        {
            Console.Error.WriteLine($"Reads pass through the page cache: {reason}");
        }

        int window = WindowBytes(options.BudgetBytes);
        HeapLimit.Apply(HeapBytes);
        long clock = Stopwatch.GetTimestamp();
        VerifyReport report = new() { Model = model, IsDirect = device.IsDirect, IsRecording = recorded is null };
        using (LoadingLine? progress = talk ? new LoadingLine() : null)
        {
            if (recorded is null)
            {
                PublishedDigests.Check(model, device, new RangeScan(device, 1, window), Tell("comparing with SHA256SUMS", progress, device),
                    report, ct);
            }

            long total = ModelSums.Parts(model, device).Sum(p => p.Length);
            report.Sums = ModelSums.Compute(model, device, new RangeScan(device, Workers, window),
                done => progress?.Report(new LoadProgress("verifying", done, total)), ct);
        }

        report.Seconds = Stopwatch.GetElapsedTime(clock).TotalSeconds;
        if (ModelChangedException.Find(device) is { } change)
        {
            throw change;
        }

        report.AddDifferences(recorded, acceptsZeros: parse.GetValue(s_record));
        report.Place = recorded is not null ? path! : report.Differences.Count == 0
            ? place.Save(new SumsFile(DateTimeOffset.UtcNow, report.Sums)) : null;
        report.Recorded = recorded?.Recorded;
        report.Write(options.Json);
        return report.Differences.Count == 0 ? Failures.Success : Failures.Failed;
    }

    private static Action<long> Tell(string stage, LoadingLine? progress, IFlashDevice device)
    {
        long total = Enumerable.Range(0, device.Files.Count).Sum(device.FileLength);
        return done => progress?.Report(new LoadProgress(stage, done, total));
    }

    /// <summary>Bytes of one worker's buffer under the budget.</summary>
    /// <exception cref="BudgetTooSmallException">Not even the smallest buffers fit.</exception>
    private static int WindowBytes(long? budgetBytes)
    {
        const int least = 256 * 1024, most = 4 << 20, page = 4096;
        long budget = budgetBytes ?? (long)(MemoryLimits.Read().FreeBytes * EnginePlanner.DefaultShare);
        long runtime = Math.Max(0, ProcessMemory.ResidentBytes() - GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes) + RuntimeGrowthBytes;
        int window = (int)(Math.Clamp((budget - runtime - HeapBytes) / Workers, least, most) / page * page);
        BudgetSheet sheet = new(budget);
        sheet.Add("I/O buffers", (long)Workers * window);
        sheet.Add("managed heap", HeapBytes);
        sheet.Add("runtime reserve", runtime);
        sheet.Seal();
        return window;
    }
}
