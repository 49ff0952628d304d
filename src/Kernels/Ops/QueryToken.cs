namespace LayerStream.Kernels.Ops;

/// <summary>What attention has to know of a token beside its queries.</summary>
/// <param name="Visible">Keys that take part.</param>
/// <param name="Scale">Factor on the scores.</param>
public readonly record struct QueryToken(KeyRange Visible, float Scale);
