namespace LayerStream.Kernels.Tests;

/// <summary>Values that end right before a page without access.</summary>
internal sealed unsafe class GuardedFloats : IDisposable
{
    private readonly QuantGuardedMemory _memory;

    public GuardedFloats(int count) => (_memory, Count) = (new QuantGuardedMemory(Math.Max(1, count) * 4L), count);

    public GuardedFloats(ReadOnlySpan<float> values)
        : this(values.Length) => values.CopyTo(Span);

    public int Count { get; }

    public nint Address => _memory.Address;

    public Span<float> Span => new((void*)_memory.Address, Count);

    public static GuardedFloats Random(int seed, int count, double scale = 1)
    {
        var random = new Random(seed);
        var floats = new GuardedFloats(count);
        foreach (ref float value in floats.Span)
        {
            value = (float)(((random.NextDouble() * 2) - 1) * scale);
        }

        return floats;
    }

    public void Dispose() => _memory.Dispose();
}
