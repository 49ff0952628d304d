namespace LayerStream.Tokenization.Encoders;

/// <summary>The best way to reach a byte border: its score, where its last token starts, and that token (-1 = none).</summary>
internal readonly record struct UnigramBorder(double Score, int Start, int Token);
