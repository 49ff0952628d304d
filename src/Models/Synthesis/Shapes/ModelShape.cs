namespace LayerStream.Models.Synthesis.Shapes;

/// <summary>The shape of a published model: keys and tensors without weights.</summary>
public sealed class ModelShape
{
    internal ModelShape(string name, string title, string architecture, int layers, int width)
    {
        (Name, Title, Architecture, Layers, Width) = (name, title, architecture, layers, width);
    }

    /// <summary>What the command line calls it.</summary>
    public string Name { get; }

    /// <summary>The model it is taken from.</summary>
    public string Title { get; }

    /// <summary>Value of <c>general.architecture</c>.</summary>
    public string Architecture { get; }

    /// <summary>Layers of the published model.</summary>
    public int Layers { get; }

    /// <summary>Values of the residual stream.</summary>
    public int Width { get; }

    /// <summary>Experts per layer, 0 for none.</summary>
    public int Experts { get; internal init; }

    /// <summary>Tensor types.</summary>
    internal TensorMix Mix { get; init; } = TensorMix.MediumFourBits;

    /// <summary>Estimate of the mean square that a layer adds to the residual stream; embeddings outweigh it, so that a factor of two does
    /// little.</summary>
    internal double LayerVariance { get; init; } = 0.3;

    /// <summary>Keys without the prefix, for a number of layers.</summary>
    internal Func<int, IEnumerable<(string Key, object Value)>> Keys { get; init; } = _ => [];

    /// <summary>Tensors of no layer beside embedding and head.</summary>
    internal Action<TensorList>? Globals { get; init; }

    /// <summary>Tensors of one of so many layers.</summary>
    internal Action<TensorList, int, int> Layer { get; init; } = (_, _, _) => { };

    /// <summary>All tensors in file order.</summary>
    internal IReadOnlyList<SyntheticTensor> Tensors(int layers, int vocabulary)
    {
        TensorList list = new(Mix, layers, Width, vocabulary);
        list.BeginLayer(-1);
        list.Embedding();
        Globals?.Invoke(list);
        for (int layer = 0; layer < layers; layer++)
        {
            list.BeginLayer(layer);
            Layer(list, layer, layers);
        }

        list.BeginLayer(-1);
        list.Head();
        return list.Tensors;
    }
}
