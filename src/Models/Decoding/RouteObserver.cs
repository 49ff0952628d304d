namespace LayerStream.Models.Decoding;

/// <summary>Sees what the router chose for one row of a pass, on the thread of the pass; for recording.</summary>
/// <param name="bank">Id of the layer's bank.</param>
/// <param name="row">Row of the pass.</param>
/// <param name="experts">Chosen experts, strongest first.</param>
/// <param name="weights">Their weights.</param>
public delegate void RouteObserver(int bank, int row, ReadOnlySpan<int> experts, ReadOnlySpan<float> weights);
