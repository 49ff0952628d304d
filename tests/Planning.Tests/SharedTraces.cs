using LayerStream.Formats.Routes;

namespace LayerStream.Planning.Tests;

/// <summary>Recorded routing beside the repository, where it is there.</summary>
internal static class SharedTraces
{
    internal static readonly int[] Slots = [4, 8, 15, 31, 61];

    internal static RouteTrace Load(string name)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = Path.Combine(at.FullName, "shared", "traces", name + ".route.csv.gz");
            if (File.Exists(path))
            {
                return RouteTraceReader.Load(path);
            }
        }

        Assert.Skip("shared/traces is not beside the repository");
        throw new InvalidOperationException();
    }

    internal static RouteHeader Header(int layers, int experts, int routed) =>
        new("small.gguf", "test", experts, routed, [.. Enumerable.Repeat(1L << 20, layers)], [.. Enumerable.Repeat(1L << 18, layers)]);
}
