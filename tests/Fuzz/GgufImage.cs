using System.Text;
using LayerStream.Formats;
using LayerStream.Formats.Writing;

namespace LayerStream.Fuzz;

/// <summary>A GGUF file taken apart, so that a mutation can hit one field and leave the rest of the file whole.</summary>
internal sealed class GgufImage
{
    internal const int ArrayType = 9;

    internal uint Version { get; set; } = 3;

    internal long? KeyCount { get; set; }

    internal long? TensorCount { get; set; }

    internal int Alignment { get; set; } = 32;

    internal List<Pair> Keys { get; } = [];

    internal List<Row> Tensors { get; } = [];

    internal byte[] Data { get; set; } = [];

    /// <summary>Takes a sound single file apart.</summary>
    internal static GgufImage Read(string path)
    {
        GgufModel model = GgufModel.Open(path);
        GgufImage image = new() { Alignment = (int)model.Metadata.GetInt64("general.alignment", 32) };
        foreach ((string key, object value) in model.Metadata.Entries)
        {
            image.Keys.Add(Pair.Of(key, value));
        }

        byte[] file = File.ReadAllBytes(path);
        long begin = model.Tensors.Select(t => t.Extent.Offset).DefaultIfEmpty(file.Length).Min();
        image.Data = file[(int)begin..];
        image.Tensors.AddRange(model.Tensors.Select(t => new Row(t.Name, [.. t.Shape], (int)t.Type, t.Extent.Offset - begin, null)));
        return image;
    }

    /// <summary>The same kind of file with few items in each array and only the first small tensors, as a seed that mutations of bytes can
    /// cover.</summary>
    internal static GgufImage ReadShortened(string path, int items, int tensors, int tensorBytes)
    {
        GgufModel model = GgufModel.Open(path);
        GgufImage image = new() { Alignment = (int)model.Metadata.GetInt64("general.alignment", 32) };
        foreach ((string key, object value) in model.Metadata.Entries)
        {
            object few = value is Array array && array.Length > items ? Shortened(array, items) : value;
            image.Keys.Add(Pair.Of(key, few is string text && text.Length > tensorBytes ? text[..tensorBytes] : few));
        }

        int offset = 0;
        foreach (TensorInfo tensor in model.Tensors.Where(t => t.Extent.Length <= tensorBytes).Take(tensors))
        {
            image.Tensors.Add(new Row(tensor.Name, [.. tensor.Shape], (int)tensor.Type, offset, null));
            offset += (int)(tensor.Extent.Length + image.Alignment - 1) / image.Alignment * image.Alignment;
        }

        image.Data = new byte[offset];
        return image;
    }

    internal GgufImage Clone()
    {
        GgufImage copy = new() { Version = Version, Alignment = Alignment, Data = Data };
        copy.Keys.AddRange(Keys);
        copy.Tensors.AddRange(Tensors.Select(t => t with { Shape = [.. t.Shape] }));
        return copy;
    }

    internal byte[] Write()
    {
        MemoryStream file = new(Data.Length + 65536);
        BinaryWriter writer = new(file);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write(TensorCount ?? Tensors.Count);
        writer.Write(KeyCount ?? Keys.Count);
        foreach (Pair pair in Keys)
        {
            writer.Write(Text(pair.Key));
            writer.Write(pair.Type);
            writer.Write(pair.Value);
        }

        foreach (Row row in Tensors)
        {
            writer.Write(Text(row.Name));
            writer.Write(row.Dimensions ?? (uint)row.Shape.Length);
            Array.ForEach(row.Shape, writer.Write);
            writer.Write(row.Type);
            writer.Write(row.Offset);
        }

        long end = (file.Length + Alignment - 1) / Alignment * Alignment;
        writer.Write(new byte[end - file.Length]);
        writer.Write(Data);
        return file.ToArray();
    }

    internal static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [.. BitConverter.GetBytes((long)bytes.Length), .. bytes];
    }

    private static Array Shortened(Array array, int items)
    {
        Array copy = Array.CreateInstance(array.GetType().GetElementType()!, items);
        Array.Copy(array, copy, items);
        return copy;
    }

    /// <summary>A metadata pair: the value as it stands in the file.</summary>
    internal sealed record Pair(string Key, int Type, byte[] Value)
    {
        internal static Pair Of(string key, object value)
        {
            if (value is not Array array)
            {
                return new Pair(key, GgufValue.TypeId(value.GetType()), GgufValue.Bytes(value));
            }

            MemoryStream bytes = new();
            bytes.Write(BitConverter.GetBytes(GgufValue.TypeId(value.GetType().GetElementType()!)));
            bytes.Write(BitConverter.GetBytes((long)array.Length));
            foreach (object item in array)
            {
                bytes.Write(GgufValue.Bytes(item));
            }

            return new Pair(key, ArrayType, bytes.ToArray());
        }
    }

    /// <summary>A tensor description; the offset counts from the data section.</summary>
    internal sealed record Row(string Name, long[] Shape, int Type, long Offset, uint? Dimensions);
}
