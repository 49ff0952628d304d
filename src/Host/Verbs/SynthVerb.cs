using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using LayerStream.Actors.Loading;
using LayerStream.Formats;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Memory;
using LayerStream.Models.Synthesis;
using LayerStream.Models.Synthesis.Shapes;
using LayerStream.Session;
using LayerStream.Session.Reports;
using LayerStream.Storage;

namespace LayerStream.Host.Verbs;

/// <summary><c>synth</c>: a file of a published model's shape with random weights, to measure with.</summary>
public static class SynthVerb
{
    private const int MostLayers = 4096; // as many as are read

    private static readonly Argument<string> s_shape =
        new("shape") { Description = string.Join(", ", ModelShapes.All.Select(s => s.Name)) };
    private static readonly Option<string> s_out = new("--out") { Description = "file to write", Required = true };
    private static readonly Option<string> s_vocab = new("--vocab")
    {
        Description = "GGUF file whose tokenizer is copied",
        Required = true
    };
    private static readonly Option<int?> s_layers =
        CheckedOption.WholeOrNone("--layers", "layers (default: as published)", 1, MostLayers);
    private static readonly Option<int?> s_physicalLayers = CheckedOption.WholeOrNone("--phys-layers",
        "layers that take room on disk; the others share their extents (xfs or btrfs), so that a file may be larger than the disk",
        1, MostLayers);

    private static readonly Option<int?> s_align = CheckedOption.WholeOrNone("--align",
        $"alignment of tensors in bytes (default: 32 as usual, with --phys-layers {SyntheticModel.ShareGrain})", 8, 1 << 20);
    private static readonly Option<long> s_seed = CheckedOption.Seed("--weights-seed", "seed of the weights", usual: 1);
    private static readonly Option<string> s_locality = new("--locality")
    {
        Description = "routers of experts: trace (synthetic popularity of experts, fitted to recorded routing) or none (random, worse "
            + "for a cache than any real model)",
        DefaultValueFactory = _ => "trace",
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("synth", "Writes a model of a published shape with random weights, for measuring. What it says is noise; say "
            + "beside every figure that it was synthetic.")
        {
            s_shape, s_out, s_vocab, s_layers, s_physicalLayers, s_align, s_seed, s_locality,
        };
        verb.ShowExamples("layerstream synth qwen3-30b-a3b --out test.gguf --vocab models/big.gguf");
        verb.SetAction((parse, ct) => Task.FromResult(Run(parse, ct)));
        return verb;
    }

    private static int Run(ParseResult parse, CancellationToken ct)
    {
        string name = parse.GetRequiredValue(s_shape), path = parse.GetRequiredValue(s_out), vocabulary = parse.GetRequiredValue(s_vocab);
        ModelShape shape = ModelShapes.Find(name)
            ?? throw new UsageException($"There is no shape '{name}'. Shapes: {string.Join(", ", ModelShapes.All.Select(s => s.Name))}.");
        if (OutputPlace.IsSame(path, vocabulary))
        {
            throw new UsageException("--out and --vocab name the same file.");
        }

        OutputPlace.RefuseFolder(s_out.Name, path);
        SyntheticModel model = Plan(shape, vocabulary, Bind(parse));
        OutputPlace.CheckRoom(path, model.Layout.FileBytes - model.SharedBytes, OutputPlace.LengthOf(path),
            "Fewer --layers, or --phys-layers on xfs or btrfs, take less.");
        bool isJson = CommonOptions.Json(parse), isQuiet = isJson || CommonOptions.Quiet(parse);
        long clock = Stopwatch.GetTimestamp();
        using (LoadingLine? progress = isQuiet ? null : new LoadingLine())
        {
            SyntheticWriter.Write(
                model, path, (file, from, to, length) => ExtentClone.Share(file, from, to, length, path),
                done => progress?.Report(new LoadProgress("writing", Math.Min(done, model.Layout.FileBytes - 1), model.Layout.FileBytes)),
                    ct);
        }

        Report(model, path, Stopwatch.GetElapsedTime(clock).TotalSeconds, isJson);
        return Failures.Success;
    }

    private static SyntheticOptions Bind(ParseResult parse)
    {
        int physical = parse.GetValue(s_physicalLayers) ?? 0;
        SyntheticOptions options = new()
        {
            Layers = parse.GetValue(s_layers) ?? 0,
            PhysicalLayers = physical,
            Alignment = parse.GetValue(s_align) ?? (physical > 0 ? SyntheticModel.ShareGrain : 32),
            Seed = (ulong)parse.GetValue(s_seed),
            Locality = OptionText.Choice("locality", parse.GetRequiredValue(s_locality), ("trace", RouterLocality.Trace),
                ("none", RouterLocality.None)),
        };
        if (!int.IsPow2(options.Alignment))
        {
            throw new UsageException($"--align takes a power of two from 8 to {1 << 20}, not {options.Alignment}.");
        }

        return physical == 0 || options.Alignment % SyntheticModel.ShareGrain == 0
            ? options
            : throw new UsageException($"--phys-layers needs --align {SyntheticModel.ShareGrain} or a multiple of it.");
    }

    private static SyntheticModel Plan(ModelShape shape, string vocabulary, SyntheticOptions options)
    {
        try
        {
            return SyntheticModel.Create(shape, GgufModel.Open(vocabulary).Metadata, options);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
    }

    private static void Report(SyntheticModel model, string path, double seconds, bool isJson)
    {
        long diskBytes = model.Layout.FileBytes - model.SharedBytes;
        if (isJson)
        {
            SynthesisReport report = new(
                path, model.Shape.Name, model.Layers, model.Layout.Tensors.Count, model.Parameters, model.Layout.FileBytes,
                    diskBytes, seconds,
                model.Provenance);
            StandardOutput.WriteJson(report, ReportJson.Default.SynthesisReport);
            return;
        }

        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{path}: {ByteSize.Format(model.Layout.FileBytes)}, {model.Layout.Tensors.Count} tensors, {model.Parameters / 1e9:F2} "
                + $"billion weights; {ByteSize.Format(diskBytes)} written in {seconds:F0} s"));
        Console.Out.WriteLine($"Synthetic: {model.Provenance}.");
    }
}
