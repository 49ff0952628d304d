using System.CommandLine;
using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Kernels.Quants;
using LayerStream.Memory;
using LayerStream.Session;
using LayerStream.Session.Reports;

namespace LayerStream.Host.Verbs;

/// <summary><c>inspect</c>: what a GGUF file holds; or one tensor as float32.</summary>
public static class InspectVerb
{
    private static readonly Argument<string?> s_file = new("file")
    {
        Description = "GGUF file (default: --model)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> s_tensor = new("--tensor") { Description = "tensor to extract" };
    private static readonly Option<string?> s_out = new("--out") { Description = "file for its little-endian float32 values" };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command verb = new("inspect", "Describes a model file (--json: with every tensor), or extracts a tensor.")
        {
            s_file, s_tensor, s_out,
        };
        verb.ShowExamples(
            "layerstream inspect models/big.gguf",
            "layerstream inspect models/big.gguf --tensor output_norm.weight --out norm.f32");
        verb.SetAction(parse => Run(parse));
        return verb;
    }

    private static int Run(ParseResult parse)
    {
        string? tensor = parse.GetValue(s_tensor), output = parse.GetValue(s_out);
        if ((tensor is null) != (output is null))
        {
            throw new UsageException("--tensor and --out belong together.");
        }

        GgufModel model = GgufModel.Open(CommonOptions.Bind(parse, parse.GetValue(s_file)).ModelPath);
        if (tensor is null)
        {
            if (CommonOptions.Json(parse))
            {
                StandardOutput.WriteJson(ModelFileReport.Of(model), ReportJson.Default.ModelFileReport, indented: true);
            }
            else
            {
                Console.Out.Write(InspectReport.Render(model));
            }

            return Failures.Success;
        }

        TensorInfo info = model.Find(tensor) ?? throw new UsageException($"There is no tensor '{tensor}' in this file.");
        Extract(model, info, output!);
        return Failures.Success;
    }

    private static void Extract(GgufModel model, TensorInfo info, string path)
    {
        if (!Dequantize.Supports(info.Type))
        {
            throw new UsageException($"Tensor type {TensorTypes.Get(info.Type).Name} cannot be turned into float32.");
        }

        byte[] row = new byte[checked((int)info.RowBytes)];
        float[] values = new float[checked((int)info.Columns)];
        using FileStream source = new(model.Files[info.Extent.File], FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20,
            FileOptions.SequentialScan);
        using TransientFile output = OutputPlace.Create(s_out.Name, path);
        source.Position = info.Extent.Offset;
        for (long r = 0; r < info.Rows; r++)
        {
            source.ReadExactly(row);
            Dequantize.Row(info.Type, row, values);
            output.Write(MemoryMarshal.AsBytes<float>(values));
        }
    }
}
