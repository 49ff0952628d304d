namespace LayerStream.Sampling.Grammars.Joined;

/// <summary>How a text goes on in which marks are looked for.</summary>
/// <param name="Ends">Number of the mark it must end with; −1 = it ends without any.</param>
/// <param name="BarsBrace">Whether the first byte that is no white space may not be a brace.</param>
/// <param name="Barred">A byte that may come inside a mark only; −1 = none.</param>
internal readonly record struct MarkedTextOptions(int Ends, bool BarsBrace, int Barred);
