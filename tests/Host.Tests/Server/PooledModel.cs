using LayerStream.Formats;
using LayerStream.Formats.Writing;

namespace LayerStream.Host.Tests.Server;

/// <summary>A copy of a model whose file says that it makes embeddings, by the mean.</summary>
internal static class PooledModel
{
    /// <summary>Writes it.</summary>
    internal static void Write(string modelPath, string pooledPath)
    {
        GgufModel model = GgufModel.Open(modelPath);
        GgufWriter writer = new();
        foreach ((string key, object value) in model.Metadata.Entries)
        {
            writer.AddKey(key, value);
        }

        writer.AddKey("llama.pooling_type", 1u);
        foreach (TensorInfo tensor in model.Tensors)
        {
            writer.AddTensor(tensor.Name, tensor.Type, [.. tensor.Shape]);
        }

        GgufLayout layout = writer.Finish();
        using FileStream source = File.OpenRead(modelPath), file = File.Create(pooledPath);
        file.Write(layout.Head);
        byte[] bytes = new byte[1 << 20];
        for (int i = 0; i < model.Tensors.Count; i++)
        {
            source.Position = model.Tensors[i].Extent.Offset;
            file.Position = layout.Tensors[i].Extent.Offset;
            for (long left = model.Tensors[i].Extent.Length; left > 0;)
            {
                int read = source.Read(bytes, 0, (int)Math.Min(left, bytes.Length));
                file.Write(bytes, 0, read);
                left -= read;
            }
        }
    }
}
