namespace LayerStream.Models.Spec;

/// <summary>Some layers of a model that follow each other, for an engine that runs no others.</summary>
/// <param name="From">The first one.</param>
/// <param name="To">The layer behind the last; the last part of a model has its head as well.</param>
public readonly record struct LayerRange(int From, int To);
