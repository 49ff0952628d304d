using System.CommandLine;
using System.Diagnostics;
using LayerStream.Actors;
using LayerStream.Actors.Loading;
using LayerStream.Conversion;
using LayerStream.Formats;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Kernels.Quants;
using LayerStream.Memory;
using LayerStream.Session;
using LayerStream.Storage;

namespace LayerStream.Host.Verbs;

/// <summary><c>quantize</c>: writes a model anew with other tensor types.</summary>
public static class QuantizeVerb
{
    private const long RuntimeGrowthBytes = 12L << 20; // code of encoders, stacks
    private static readonly Argument<string> s_in = new("in")
    {
        Description = "GGUF file, the first of its shards, or a name of the catalogue",
    };

    private static readonly Argument<string> s_out = new("out") { Description = "file to write; shards become one file" };
    private static readonly Option<string> s_type = new("--type")
    {
        Description = $"what the matrices become: {string.Join(", ", QuantizeTargets.Names)}",
        Required = true,
    };

    private static readonly Option<string?> s_outputType = new("--output-type")
    {
        Description = "tensor type of the output matrix (default: Q6_K for mixtures of fewer bits)",
    };

    private static readonly Option<string?> s_embeddingType = new("--embedding-type")
    {
        Description = "tensor type of the token embedding",
    };

    private static readonly Option<bool> s_fuse = new("--fuse-gate-up-exps")
    {
        Description = "gate and up matrices of experts become one tensor: two reads for an expert instead of three. Not every program "
            + "reads that of every family",
    };

    private static readonly Option<bool> s_force = new("--force") { Description = "replace a file that is there" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("quantize", "Writes a model with fewer, or more, bits per weight. Norms, routers and other small tensors stay "
            + "as they are; so do tokenizer and metadata.")
        {
            s_in, s_out, s_type, s_outputType, s_embeddingType, s_fuse, s_force,
        };
        verb.ShowExamples(
            "layerstream quantize models/big.gguf models/small.gguf --type Q4_K_M --memory-budget 1GiB",
            "layerstream quantize models/experts.gguf models/fused.gguf --type COPY --fuse-gate-up-exps");
        verb.SetAction((parse, ct) => Task.FromResult(Run(parse, ct)));
        return verb;
    }

    private static int Run(ParseResult parse, CancellationToken ct)
    {
        string path = parse.GetRequiredValue(s_out), type = parse.GetRequiredValue(s_type);
        ModelOptions options = CommonOptions.Bind(parse, parse.GetRequiredValue(s_in));
        QuantizeTarget target = QuantizeTargets.Find(type)
            ?? throw new UsageException($"--type takes one of {string.Join(", ", QuantizeTargets.Names)}, not '{type}'.");
        TensorType? output = ReadType("output-type", parse.GetValue(s_outputType));
        TensorType? embedding = ReadType("embedding-type", parse.GetValue(s_embeddingType));
        _ = PeakMemory.Bytes(); // remembers what came before
        using ModelFiles files = new();
        GgufModel model = GgufModel.Open(options.ModelPath, files);
        CheckOutput(path, model.Files, parse.GetValue(s_force));
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        ConversionMemory memory = Divide(options.BudgetBytes, model, threads);
        bool fuses = parse.GetValue(s_fuse);
        QuantizePlan plan = QuantizePlan.Create(model, target, output, embedding, fuses);
        if (fuses && plan.Choices.All(c => c.Up is null))
        {
            throw new UsageException($"{s_fuse.Name} has nothing to join in {options.ModelPath}: "
                + $"{(plan.Apart.Count == 0 ? "no layer has gate and up matrices of experts" : QuantizeReport.WhyApart(plan.Apart))}.");
        }

        OutputPlace.CheckRoom(path, plan.Layout.FileBytes, OutputPlace.LengthOf(ConvertedFile.PartOf(path)),
            "Another disk, or a --type of fewer bits, has room.");
        QuantizeReport report = new(plan, target, path);
        bool talks = !options.Quiet && !options.Json;
        if (talks)
        {
            report.WriteNotes(Console.Error);
        }

        using FlashDevice device = FlashDevice.Open(files);
        HeapLimit.Apply(memory.HeapLimitBytes);
        long clock = Stopwatch.GetTimestamp(), total = plan.SourceBytes;
        using (LoadingLine? progress = talks ? new LoadingLine() : null)
        {
            ConvertedFile.Write(plan, device, memory, path, parse.GetValue(s_force),
                done => progress?.Report(new LoadProgress("quantizing", done, total)), ct);
        }

        report.Write(Stopwatch.GetElapsedTime(clock).TotalSeconds, memory.Sheet.BudgetBytes, options.Json);
        return Failures.Success;
    }

    private static TensorType? ReadType(string option, string? text)
    {
        if (text is null)
        {
            return null;
        }

        TensorTypeInfo? info = TensorTypes.All.FirstOrDefault(t => string.Equals(t.Name, text, StringComparison.OrdinalIgnoreCase));
        return info is not null && Quantize.Supports(info.Type) ? info.Type
            : throw new UsageException($"--{option} takes one of {string.Join(", ", Quantize.Types)}, not '{text}'.");
    }

    private static void CheckOutput(string path, IReadOnlyList<string> sources, bool replaces)
    {
        if (sources.FirstOrDefault(s => OutputPlace.IsSame(s, path) || OutputPlace.IsSame(s, ConvertedFile.PartOf(path))) is { } same)
        {
            throw new UsageException($"{path} is the model itself ({same}), which is never written to. Give another name.");
        }

        OutputPlace.RefuseFolder("out", path);
        if (File.Exists(path) && !replaces)
        {
            throw new UsageException($"{path} is there already; --force replaces it.");
        }
    }

    private static ConversionMemory Divide(long? budgetBytes, GgufModel model, int threads)
    {
        long budget = budgetBytes ?? (long)(MemoryLimits.Read().FreeBytes * EnginePlanner.DefaultShare);
        long runtime = Math.Max(0, ProcessMemory.ResidentBytes() - GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes) + RuntimeGrowthBytes;
        long head = model.Tensors.GroupBy(t => t.Extent.File).Sum(g => g.Min(t => t.Extent.Offset));
        return ConversionMemory.Divide(budget, head, threads, runtime);
    }
}
