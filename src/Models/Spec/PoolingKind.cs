namespace LayerStream.Models.Spec;

/// <summary>How a model that is made for embeddings sums up the states of a text's tokens: values of the key
/// <c>pooling_type</c>.</summary>
public enum PoolingKind
{
    /// <summary>It is not made for embeddings.</summary>
    None,

    /// <summary>The mean of all.</summary>
    Mean,

    /// <summary>The first one.</summary>
    First,

    /// <summary>The last one.</summary>
    Last,

    /// <summary>A score of a pair of texts.</summary>
    Rank,
}
