using LayerStream.Kernels;
using LayerStream.Memory;

namespace LayerStream.Models;

/// <summary>Activations of one pass, allocated once: every buffer is [batch × width] floats, rows 64-byte aligned.</summary>
public sealed class Workspace : IDisposable
{
    private readonly AlignedBuffer _buffer;

    private Workspace(ModelSpec spec, int batch, int logitRows, int threads, long bytes)
    {
        Batch = batch;
        LogitRows = logitRows;
        _buffer = AlignedBuffer.Allocate(bytes, "activations");
        nint next = _buffer.Address;
        nint Take(long perRow, int rows)
        {
            nint at = next;
            next += (nint)(Round(perRow) * rows);
            return at;
        }

        Shape s = new(spec);
        Stream = Take(s.Width * 4L, batch);
        Normed = Take(s.Width * 4L, batch);
        Qkv = Take(s.Qkv * 4L, batch);
        Mixed = Take(s.Mixed * 4L, batch);
        GateUp = Take(s.GateUp * 4L, batch);
        Inner = Take(s.Ffn * 4L, batch);
        Prepared = Take(s.Prepared, batch);
        PreparedStride = Round(s.Prepared);
        Rope = Take(spec.Rope.Dimensions * 4L, batch);
        Scratch = Take(s.Scratch * 4L, threads);
        ScratchStride = Round(s.Scratch * 4L);
        Logits = Take(spec.Vocabulary * 4L, logitRows);
        StreamStride = Round(s.Width * 4L) / 4;
        QkvStride = Round(s.Qkv * 4L) / 4;
        MixedStride = Round(s.Mixed * 4L) / 4;
        GateUpStride = Round(s.GateUp * 4L) / 4;
        InnerStride = Round(s.Ffn * 4L) / 4;
        RopeStride = Round(spec.Rope.Dimensions * 4L) / 4;
        LogitStride = Round(spec.Vocabulary * 4L) / 4;
    }

    public int Batch { get; }

    public int LogitRows { get; }

    internal nint Stream { get; }

    internal nint Normed { get; }

    internal nint Qkv { get; }

    internal nint Mixed { get; }

    internal nint GateUp { get; }

    internal nint Inner { get; }

    internal nint Prepared { get; }

    internal nint Rope { get; }

    internal nint Scratch { get; }

    internal nint Logits { get; }

    internal long StreamStride { get; }

    internal long QkvStride { get; }

    internal long MixedStride { get; }

    internal long GateUpStride { get; }

    internal long InnerStride { get; }

    internal long PreparedStride { get; }

    internal long RopeStride { get; }

    internal long ScratchStride { get; }

    internal long LogitStride { get; }

    /// <summary>Bytes a workspace of this shape takes.</summary>
    public static long Bytes(ModelSpec spec, int batch, int logitRows, int threads)
    {
        Shape s = new(spec);
        return checked((BytesPerRow(spec) * batch) + (Round(s.Scratch * 4L) * threads) + (Round(spec.Vocabulary * 4L) * logitRows) + 4096);
    }

    /// <summary>Bytes one more row of a batch takes.</summary>
    public static long BytesPerRow(ModelSpec spec)
    {
        Shape s = new(spec);
        return (2 * Round(s.Width * 4L)) + Round(s.Qkv * 4L) + Round(s.Mixed * 4L) + Round(s.GateUp * 4L) + Round(s.Ffn * 4L) + Round(s.Prepared) + Round(spec.Rope.Dimensions * 4L);
    }

    /// <summary>Allocates the buffers.</summary>
    public static Workspace Create(ModelSpec spec, int batch, int logitRows, int threads) =>
        new(spec, batch, logitRows, threads, Bytes(spec, batch, logitRows, threads));

    /// <summary>Logits of one row of the last pass; valid until the next pass.</summary>
    public Span<float> LogitsRow(int row, int vocabulary) => _buffer.Floats(Logits - _buffer.Address + (row * LogitStride * 4), vocabulary);

    /// <summary>Row of the residual stream, to be filled with the embedding.</summary>
    internal Span<float> StreamRow(int row, int width) => _buffer.Floats(Stream - _buffer.Address + (row * StreamStride * 4), width);

    /// <summary>Row of rotation factors.</summary>
    internal Span<float> RopeRow(int row, int dimensions) => _buffer.Floats(Rope - _buffer.Address + (row * RopeStride * 4), dimensions);

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private static long Round(long bytes) => (bytes + 63) / 64 * 64;

    private readonly struct Shape
    {
        public Shape(ModelSpec spec)
        {
            Width = spec.Width;
            Qkv = spec.Layers.Max(l => l.QkvWidth);
            Mixed = spec.Layers.Max(l => l.Heads * l.ValueDim);
            Ffn = spec.Layers.Max(l => l.FfnWidth);
            GateUp = 2 * Ffn;
            Scratch = (int)spec.Layers.Max(l => Attention.ScratchFloats(l.Heads / l.KvHeads, l.ValueDim));
            int widest = Math.Max(Math.Max(Width, Mixed), Ffn);
            Prepared = Enum.GetValues<ActivationLayout>().Max(l => MatMul.RowBytes(l, (widest + 255) / 256 * 256));
        }

        public int Width { get; }

        public int Qkv { get; }

        public int Mixed { get; }

        public int Ffn { get; }

        public int GateUp { get; }

        public int Scratch { get; }

        public long Prepared { get; }
    }
}
