using LayerStream.Actors;
using LayerStream.Formats;
using LayerStream.Memory;
using LayerStream.Models.Spec;
using LayerStream.Models.Tiles;

namespace LayerStream.Host.Measuring;

/// <summary>A sample of a model's weights of each type: true blocks, handed out one place after the other as if they were all the
/// weights.</summary>
internal sealed class SampleWeights : IDisposable
{
    private const long MostBytes = 1L << 30; // several times the last-level cache of a large server
    private const int Alignment = 64;

    private readonly AlignedBuffer _buffer;
    private readonly Dictionary<TensorType, Area> _areas;

    private SampleWeights(AlignedBuffer buffer, Dictionary<TensorType, Area> areas) => (_buffer, _areas) = (buffer, areas);

    /// <summary>Reads at most 1 GiB, or half the budget, shared by the types as a token uses them; each has room for its largest tile or
    /// slab.</summary>
    public static SampleWeights Read(GgufModel model, EnginePlan plan, BudgetAccount account)
    {
        ModelSpec spec = plan.Spec;
        Dictionary<TensorType, List<TensorInfo>> tensors = [];
        Dictionary<TensorType, (double Used, long Largest)> needs = [];
        void Add(TensorInfo tensor, double used, long largest)
        {
            (double before, long most) = needs.GetValueOrDefault(tensor.Type);
            needs[tensor.Type] = (before + used, Math.Max(most, largest));
            (tensors.TryGetValue(tensor.Type, out List<TensorInfo>? list) ? list : tensors[tensor.Type] = []).Add(tensor);
        }

        foreach (Tile tile in plan.Memory.Tiles.Tiles)
        {
            Add(spec.Matrices[tile.Matrix].Tensor, tile.Extent.Length, tile.Extent.Length);
        }

        foreach (ExpertBank bank in spec.ExpertBanks)
        {
            foreach (ExpertMatrix matrix in bank.Matrices)
            {
                Add(matrix.Tensors[0], (double)matrix.SlabBytes * bank.Used, matrix.SlabBytes);
            }
        }

        double all = needs.Values.Sum(n => n.Used), room = Math.Min(MostBytes, account.FreeBytes / 2.0);
        Dictionary<TensorType, Area> areas = [];
        long total = 0;
        foreach ((TensorType type, (double used, long largest)) in needs)
        {
            long length = Math.Max(largest, (long)Math.Min(used, room * used / all)) / Alignment * Alignment + (2 * Alignment);
            areas[type] = new Area(total, length);
            total += length;
        }

        AlignedBuffer buffer = account.Allocate(total, hugePages: true);
        foreach ((TensorType type, Area area) in areas)
        {
            Fill(model, buffer, area, TensorTypes.Get(type).BlockBytes, [.. tensors[type].Distinct()]);
        }

        return new SampleWeights(buffer, areas);
    }

    /// <summary>The next place of a type with so many bytes of whole blocks, aligned as tensors are.</summary>
    public nint Next(TensorType type, long bytes)
    {
        Area area = _areas[type];
        if (area.At + bytes > area.Length)
        {
            area.At = 0;
        }

        nint address = _buffer.Address + (nint)(area.Begin + area.At);
        area.At += bytes;
        return address;
    }

    /// <summary>Reads the first bytes of an extent.</summary>
    public static byte[] ReadBytes(GgufModel model, in Extent extent, int length)
    {
        byte[] bytes = new byte[length];
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(model.Files[extent.File]);
        for (int done = 0; done < length;)
        {
            int got = RandomAccess.Read(file, bytes.AsSpan(done), extent.Offset + done);
            done += got > 0 ? got : throw new EndOfStreamException($"The model file ends before byte {extent.Offset + length}.");
        }

        return bytes;
    }

    public void Dispose() => _buffer.Dispose();

    /// <summary>Whole blocks of the tensors, up to 1 MiB at a time; from the first again when they are too short.</summary>
    private static void Fill(GgufModel model, AlignedBuffer buffer, Area area, int blockBytes, TensorInfo[] tensors)
    {
        long at = 0;
        for (int i = 0; at + blockBytes <= area.Length; i = (i + 1) % tensors.Length)
        {
            long from = i == tensors.Length - 1 || tensors[i].Extent.Length < (1 << 20) ? 0
                : tensors[i].Extent.Length / 2 / blockBytes * blockBytes;
            int length = (int)(Math.Min(Math.Min(1 << 20, tensors[i].Extent.Length - from), area.Length - at) / blockBytes * blockBytes);
            ReadBytes(model, tensors[i].Extent with { Offset = tensors[i].Extent.Offset + from }, length)
                .CopyTo(buffer.Bytes(area.Begin + at, length));
            at += length;
        }
    }

    private sealed class Area(long begin, long length)
    {
        public long Begin { get; } = begin;

        public long Length { get; } = length;

        public long At { get; set; }
    }
}
