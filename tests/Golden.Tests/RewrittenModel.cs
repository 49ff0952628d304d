using LayerStream.Formats;
using LayerStream.Formats.Writing;

namespace LayerStream.Golden.Tests;

/// <summary>A tensor to be written: type, shape, bytes.</summary>
internal sealed record RewrittenTensor(TensorType Type, long[] Shape, byte[] Bytes);

/// <summary>Keys and tensors of a case's file, to be changed before it is written again; the file is gone when this is disposed.</summary>
internal sealed class RewrittenModel : IDisposable
{
    private readonly string _path = System.IO.Path.GetTempFileName();

    internal RewrittenModel(GoldenCase golden)
    {
        GgufModel model = GgufModel.Open(golden.Model);
        byte[] file = File.ReadAllBytes(golden.Model);
        foreach ((string key, object value) in model.Metadata.Entries)
        {
            Keys[key] = value;
        }

        foreach (TensorInfo tensor in model.Tensors)
        {
            Tensors[tensor.Name] = new RewrittenTensor(tensor.Type, [.. tensor.Shape],
                file[(int)tensor.Extent.Offset..(int)(tensor.Extent.Offset + tensor.Extent.Length)]);
        }
    }

    internal Dictionary<string, object> Keys { get; } = [];

    internal Dictionary<string, RewrittenTensor> Tensors { get; } = [];

    internal int Alignment { get; set; } = 32;

    internal string Architecture => (string)Keys["general.architecture"];

    /// <summary>Blocks that the file states.</summary>
    internal int Blocks => Convert.ToInt32(Keys[Key("block_count")], null);

    internal string Key(string name) => $"{Architecture}.{name}";

    /// <summary>Gives the file to another family.</summary>
    internal void Rename(string architecture)
    {
        string prefix = Architecture + ".";
        foreach (string key in Keys.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).ToList())
        {
            Keys.Remove(key, out object? value);
            Keys[$"{architecture}.{key[prefix.Length..]}"] = value!;
        }

        Keys["general.architecture"] = architecture;
    }

    /// <summary>Takes a tensor out.</summary>
    internal RewrittenTensor Take(string name) => Tensors.Remove(name, out RewrittenTensor? tensor) ? tensor
        : throw new ArgumentException($"no {name}", nameof(name));

    /// <summary>Adds a tensor of F32.</summary>
    internal void Add(string name, long[] shape, IEnumerable<float> values) =>
        Tensors[name] = new RewrittenTensor(TensorType.F32, shape, [.. values.SelectMany(BitConverter.GetBytes)]);

    /// <summary>Writes the file.</summary>
    internal string Write()
    {
        GgufWriter writer = new(Alignment);
        foreach ((string key, object value) in Keys)
        {
            writer.AddKey(key, value);
        }

        foreach ((string name, RewrittenTensor tensor) in Tensors)
        {
            writer.AddTensor(name, tensor.Type, tensor.Shape);
        }

        GgufLayout layout = writer.Finish();
        byte[] bytes = new byte[layout.FileBytes];
        layout.Head.CopyTo(bytes, 0);
        foreach (TensorInfo tensor in layout.Tensors)
        {
            Tensors[tensor.Name].Bytes.CopyTo(bytes, tensor.Extent.Offset);
        }

        File.WriteAllBytes(_path, bytes);
        return _path;
    }

    public void Dispose() => File.Delete(_path);
}
