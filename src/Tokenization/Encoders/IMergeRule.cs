namespace LayerStream.Tokenization.Encoders;

/// <summary>Decides which neighbouring symbols may be joined.</summary>
internal interface IMergeRule
{
    /// <summary>Whether the symbols may be joined.</summary>
    /// <param name="left">Piece number of the left symbol, -1 = none.</param>
    /// <param name="right">Piece number of the right symbol, -1 = none.</param>
    /// <param name="joined">Bytes of both symbols.</param>
    /// <param name="priority">Lower joins earlier.</param>
    /// <param name="merged">Piece number of the joined symbol.</param>
    bool TryMerge(int left, int right, ReadOnlySpan<byte> joined, out uint priority, out int merged);
}
