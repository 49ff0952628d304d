namespace LayerStream.Models.Synthesis.Shapes;

/// <summary>What a synthetic tensor is filled with.</summary>
internal enum FillKind
{
    /// <summary>Random blocks of mean 0 and standard deviation <see cref="TensorFill.Second"/>.</summary>
    Blocks,

    /// <summary>Blocks as above, one row for each token; a model with experts carries the constant direction here.</summary>
    Embedding,

    /// <summary>Normal floats of mean <see cref="TensorFill.First"/> and standard deviation <see cref="TensorFill.Second"/>.</summary>
    Normal,

    /// <summary>Floats, uniform from <see cref="TensorFill.First"/> to <see cref="TensorFill.Second"/>.</summary>
    Uniform,

    /// <summary>Weights of a norm, near 1; 0 where the constant direction lies, so that mixers and the head do not see it.</summary>
    BlindNorm,

    /// <summary>Weights of a router in layer <see cref="TensorFill.First"/>, normal of standard deviation
    /// <see cref="TensorFill.Second"/>.</summary>
    Router,

    /// <summary>Divisors of Llama 3's rotation frequencies of base <see cref="TensorFill.First"/>.</summary>
    RopeFactors,
}

/// <summary>What a tensor is filled with; the meaning of the numbers is the kind's.</summary>
internal readonly record struct TensorFill(FillKind Kind, double First, double Second);

/// <summary>One tensor of a synthetic model.</summary>
internal sealed record SyntheticTensor(string Name, Formats.TensorType Type, long[] Shape, TensorFill Fill);
