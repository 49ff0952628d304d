using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using LayerStream.Formats;
using LayerStream.Kernels.Quants;
using LayerStream.Kernels.Quants.Activations;

namespace LayerStream.Kernels.Benchmarks;

/// <summary>Products of this build beside those of another one in the same process, a few milliseconds of either in turn: where a machine's
/// rates move by a fifth from second to second, only such pairs tell two builds apart.</summary>
internal static unsafe class BuildPairs
{
    private const int Pairs = 61, Rows = 256;

    /// <summary>Prints the medians of both and the quartiles of their ratio.</summary>
    /// <param name="folder">Where the other build's <c>Kernels.Benchmarks.dll</c> is.</param>
    /// <param name="type">Type of the weights.</param>
    /// <param name="mode">Activations.</param>
    /// <param name="columns">Columns of a row.</param>
    /// <param name="tokens">Rows of activations.</param>
    public static void Measure(string folder, string type, ActivationMode mode, int columns, int tokens)
    {
        Func<double> ours = Product(type, mode.ToString(), columns, tokens),
            theirs = Other(folder, type, mode.ToString(), columns, tokens);
        List<double> mine = [], others = [], ratios = [];
        for (int pair = 0; pair < Pairs; pair++)
        {
            double first = pair % 2 == 0 ? ours() : theirs(), second = pair % 2 == 0 ? theirs() : ours();
            (double a, double b) = pair % 2 == 0 ? (first, second) : (second, first);
            mine.Add(a);
            others.Add(b);
            ratios.Add(b / a);
        }

        double work = 2.0 * columns * Rows * tokens / 1e9;
        ratios.Sort();
        Console.WriteLine($"{type,-8} columns {columns,5} tokens {tokens,4}: "
            + $"{work / Median(others),6:F1}, {work / Median(mine),6:F1} GFLOP/s, "
            + $"ratio {ratios[Pairs / 2]:F3} ({ratios[Pairs / 4]:F3}–{ratios[3 * Pairs / 4]:F3})");
    }

    /// <summary>A product of a matrix that stays in the cache: every call measures the fastest of a few and returns its seconds.</summary>
    public static Func<double> Product(string type, string mode, int columns, int tokens)
    {
        TensorTypeInfo info = TensorTypes.All.Single(t => t.Name == type);
        long bytes = (long)columns / info.BlockSize * info.BlockBytes * Rows;
        nint weights = (nint)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        new Span<byte>((void*)weights, (int)bytes).Fill(0x33);
        WeightRows matrix = new(info.Type, weights, columns);
        Operands operands = new(info.Type, Enum.Parse<ActivationMode>(mode), columns, tokens, Rows); // for the life of the process
        int runs = Math.Max(1, (int)(5e8 / (2.0 * columns * Rows * tokens)));
        return () => FastestRun.Of(
            () => MatMul.Multiply(matrix, new IndexRange(0, Rows), operands.Activations, operands.Results), runs);
    }

    private static Func<double> Other(string folder, string type, string mode, int columns, int tokens)
    {
        Assembly assembly = new Build(Path.GetFullPath(folder)).LoadFromAssemblyName(typeof(BuildPairs).Assembly.GetName());
        MethodInfo product = assembly.GetType(typeof(BuildPairs).FullName!)!.GetMethod(nameof(Product))!;
        return (Func<double>)product.Invoke(null, [type, mode, columns, tokens])!;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>The assemblies of a folder, before those of the same name that run already.</summary>
    private sealed class Build(string folder) : AssemblyLoadContext
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            string file = Path.Combine(folder, assemblyName.Name + ".dll");
            return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
        }
    }
}
