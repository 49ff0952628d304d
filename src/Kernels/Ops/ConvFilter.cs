namespace LayerStream.Kernels.Ops;

/// <summary>Weights of a causal depthwise convolution.</summary>
/// <param name="Weights">[Channels][Taps] floats; the last tap belongs to the current token.</param>
/// <param name="Taps">1 to <see cref="CausalConv.MaxTaps"/>.</param>
/// <param name="Channels">Channels of the layer.</param>
public readonly record struct ConvFilter(nint Weights, int Taps, int Channels);
