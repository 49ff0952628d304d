using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using LayerStream.Formats;
using LayerStream.Host.Options;
using LayerStream.Host.Terminal;
using LayerStream.Kernels.Quants;
using LayerStream.Memory;
using LayerStream.Session;

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
                StandardOutput.WriteJson(json => Describe(json, model), indented: true);
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

    private static void Describe(Utf8JsonWriter json, GgufModel model)
    {
        json.WriteString("architecture", model.Architecture);
        json.WriteNumber("version", model.Version);
        json.WriteNumber("parameters", model.Tensors.Sum(t => t.Elements));
        json.WriteStartArray("tensors");
        foreach (TensorInfo t in model.Tensors)
        {
            json.WriteStartObject();
            json.WriteString("name", t.Name);
            json.WriteString("type", TensorTypes.Get(t.Type).Name);
            json.WriteStartArray("shape");
            foreach (long n in t.Shape)
            {
                json.WriteNumberValue(n);
            }

            json.WriteEndArray();
            json.WriteNumber("offset", t.Extent.Offset);
            json.WriteNumber("bytes", t.Extent.Length);
            if (model.Files.Count > 1)
            {
                json.WriteNumber("file", t.Extent.File);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("metadata");
        foreach ((string key, object value) in model.Metadata.Entries)
        {
            json.WritePropertyName(key);
            WriteValue(json, value);
        }

        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case float f: WriteReal(json, f, float.IsFinite(f)); break;
            case double d: WriteReal(json, d, double.IsFinite(d)); break;
            case ulong u: json.WriteNumberValue(u); break;
            case byte or sbyte or short or ushort or int or uint or long: json.WriteNumberValue(Convert.ToInt64(value)); break;
            case System.Collections.IEnumerable many:
                json.WriteStartArray();
                foreach (object? entry in many)
                {
                    WriteValue(json, entry!);
                }

                json.WriteEndArray();
                break;
            default: json.WriteStringValue(value.ToString()); break;
        }
    }

    private static void WriteReal(Utf8JsonWriter json, object value, bool isFinite)
    {
        if (!isFinite)
        {
            json.WriteStringValue(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture));
        }
        else if (value is float f)
        {
            json.WriteNumberValue(f);
        }
        else
        {
            json.WriteNumberValue((double)value);
        }
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
        using TransientFile output = TransientFile.Create(path);
        source.Position = info.Extent.Offset;
        for (long r = 0; r < info.Rows; r++)
        {
            source.ReadExactly(row);
            Dequantize.Row(info.Type, row, values);
            output.Write(MemoryMarshal.AsBytes<float>(values));
        }
    }
}
