using System.Text;
using LayerStream.Formats.Writing;

namespace LayerStream.Formats.Tests;

/// <summary>Writes GGUF files for tests, well-formed unless told otherwise.</summary>
internal sealed class GgufBuilder
{
    private readonly List<byte[]> _keys = [];
    private readonly List<Row> _tensors = [];

    public string Magic { get; set; } = "GGUF";

    public uint Version { get; set; } = 3;

    public int Alignment { get; set; } = 32;

    public long? KeyCount { get; set; }

    public long? TensorCount { get; set; }

    public bool WithData { get; set; } = true;

    public static byte[] Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    public static byte[] Text(byte[] bytes) => [.. BitConverter.GetBytes((long)bytes.Length), .. bytes];

    public GgufBuilder Key(string key, object value) => value is Array array
        ? Raw(key, GgufValue.ArrayType, [.. BitConverter.GetBytes(GgufValue.TypeId(value.GetType().GetElementType()!)),
            .. BitConverter.GetBytes((long)array.Length), .. array.Cast<object>().SelectMany(GgufValue.Bytes)])
        : Raw(key, GgufValue.TypeId(value.GetType()), GgufValue.Bytes(value));

    public GgufBuilder Raw(string key, int type, byte[] value) => Pair([.. Text(key), .. BitConverter.GetBytes(type), .. value]);

    public GgufBuilder Pair(byte[] bytes)
    {
        _keys.Add(bytes);
        return this;
    }

    public GgufBuilder Tensor(string name, long[] shape, int type = 0, long? offset = null, uint? dimensions = null)
    {
        _tensors.Add(new Row(name, shape, type, offset, dimensions));
        return this;
    }

    public byte[] Build()
    {
        var file = new MemoryStream();
        var writer = new BinaryWriter(file);
        writer.Write(Encoding.ASCII.GetBytes(Magic));
        writer.Write(Version);
        writer.Write(TensorCount ?? _tensors.Count);
        writer.Write(KeyCount ?? _keys.Count);
        _keys.ForEach(writer.Write);
        long next = 0;
        foreach (var tensor in _tensors)
        {
            writer.Write(Text(tensor.Name));
            writer.Write(tensor.Dimensions ?? (uint)tensor.Shape.Length);
            Array.ForEach(tensor.Shape, writer.Write);
            writer.Write(tensor.Type);
            writer.Write(tensor.Offset ?? next);
            next += (Size(tensor) + Alignment - 1) / Alignment * Alignment;
        }

        if (_tensors.Count > 0 && WithData)
        {
            while (file.Length % Alignment != 0)
            {
                writer.Write((byte)0);
            }

            writer.Write(new byte[next]);
        }

        return file.ToArray();
    }

    private static long Size(Row tensor)
    {
        var info = TensorTypes.TryGet(tensor.Type, out var known) ? known : TensorTypes.Get(TensorType.F32);
        long elements = 1;
        foreach (long size in tensor.Shape)
        {
            elements = size is >= 0 and < 1 << 20 ? elements * size : 0; // a hostile size gets no data
        }

        return elements > 1 << 24 ? 0 : (elements + info.BlockSize - 1) / info.BlockSize * info.BlockBytes;
    }

    private sealed record Row(string Name, long[] Shape, int Type, long? Offset, uint? Dimensions);
}
