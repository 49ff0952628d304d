using LayerStream.Kernels;

namespace LayerStream.Models;

/// <summary>What a file does not say about its family: one row of the table in <see cref="ArchitectureTable"/>.</summary>
/// <param name="Name">Value of <c>general.architecture</c>.</param>
/// <param name="Rope">Which elements of a head form a rotated pair.</param>
/// <param name="FfnNorm">Name of the norm in front of the feed-forward network.</param>
public sealed record Architecture(string Name, RopeStyle Rope, string FfnNorm = "ffn_norm");
