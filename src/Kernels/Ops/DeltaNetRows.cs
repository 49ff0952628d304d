namespace LayerStream.Kernels.Ops;

/// <summary>Addresses of the consecutive tokens of one sequence that a gated delta net takes in one call.</summary>
/// <param name="Count">Tokens.</param>
/// <param name="Rows">Convolved rows with normalised q and k.</param>
/// <param name="Beta">Write strengths, ValueHeads floats per token, tokens one after the other.</param>
/// <param name="Decay">Decays, likewise.</param>
/// <param name="Output">Output rows of ValueHeads·ValueDim floats; may be the v channels of the rows themselves.</param>
public readonly record struct DeltaNetRows(int Count, FloatRows Rows, nint Beta, nint Decay, FloatRows Output);
