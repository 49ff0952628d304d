using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using LayerStream.Formats;

namespace LayerStream.Kernels.Tests;

/// <summary>Golden blocks: 8 rows × 1024 columns per type, with decoded values and dot products.</summary>
internal static class GoldenQuants
{
    public const int Rows = 8;
    public const int Columns = 1024;

    private static readonly string? s_folder = Find(AppContext.BaseDirectory) ?? Find(SourceFolder());

    public static bool Has(TensorType type) => s_folder is not null && File.Exists(Path.Combine(s_folder, type + ".bin"));

    public static byte[] Blocks(TensorType type) => File.ReadAllBytes(Path.Combine(s_folder!, type + ".bin"));

    public static float[] Decoded(TensorType type) => Floats(type + ".f32");

    public static float[] Activations() => Floats("x.f32");

    public static double[] Dots(TensorType type)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(s_folder!, "quants.json")));
        return document.RootElement.GetProperty(type.ToString()).GetProperty("dot").EnumerateArray().Select(e => e.GetDouble()).ToArray();
    }

    private static float[] Floats(string name) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(s_folder!, name))).ToArray();

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path) ?? ".";

    private static string? Find(string start)
    {
        for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "tests", "Kernels.Tests", "data", "quants");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
