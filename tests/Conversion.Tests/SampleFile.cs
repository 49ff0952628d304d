using System.Runtime.InteropServices;
using LayerStream.Formats;
using LayerStream.Formats.Writing;
using LayerStream.Kernels.Quants;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Conversion.Tests;

/// <summary>A folder with model files for one test, and the way through a conversion.</summary>
internal sealed class SampleFile : IDisposable
{
    internal string Folder { get; } = Directory.CreateTempSubdirectory("conversion-").FullName;

    internal string In => Path.Combine(Folder, "in.gguf");

    internal string Out => Path.Combine(Folder, "out.gguf");

    internal static string Root { get; } = FindRoot();

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Writes a file of normal values, or of what is given for a tensor.</summary>
    internal GgufModel Write(GgufWriter writer, string? path = null, Func<TensorInfo, byte[]?>? data = null)
    {
        GgufLayout layout = writer.Finish();
        byte[] file = new byte[layout.FileBytes];
        layout.Head.CopyTo(file, 0);
        SplitMix64 random = new(1);
        foreach (TensorInfo tensor in layout.Tensors)
        {
            Span<byte> place = file.AsSpan((int)tensor.Extent.Offset, (int)tensor.Extent.Length);
            if (data?.Invoke(tensor) is { } given)
            {
                given.CopyTo(place);
                continue;
            }

            float[] values = new float[tensor.Elements];
            foreach (ref float value in values.AsSpan())
            {
                value = (float)random.Normal();
            }

            Quantize.Row(tensor.Type, values, place);
        }

        File.WriteAllBytes(path ?? In, file);
        return GgufModel.Open(path ?? In);
    }

    internal GgufModel Convert(string target, int threads = 2, long budgetBytes = 1L << 30, bool replaces = false, string? from = null,
        Action<long>? progress = null, CancellationToken? cancel = null, bool fusesExperts = false)
    {
        using ModelFiles files = new();
        GgufModel model = GgufModel.Open(from ?? In, files);
        QuantizePlan plan = QuantizePlan.Create(model, QuantizeTargets.Find(target)!, fusesExperts: fusesExperts);
        using FlashDevice device = FlashDevice.Open(files);
        ConversionMemory memory = ConversionMemory.Divide(budgetBytes, plan.Layout.Head.Length, threads, 0);
        ConvertedFile.Write(plan, device, memory, Out, replaces, progress, cancel ?? TestContext.Current.CancellationToken);
        return GgufModel.Open(Out);
    }

    internal static byte[] Bytes(GgufModel model, string tensor)
    {
        Extent extent = model.Find(tensor)!.Extent;
        return File.ReadAllBytes(model.Files[extent.File]).AsSpan((int)extent.Offset, (int)extent.Length).ToArray();
    }

    internal static float[] Values(GgufModel model, string tensor)
    {
        TensorInfo info = model.Find(tensor)!;
        float[] values = new float[info.Elements];
        Dequantize.Row(info.Type, Bytes(model, tensor), values);
        return values;
    }

    internal static byte[] Of(float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "LayerStream.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("LayerStream.sln is not above the tests");
    }
}
