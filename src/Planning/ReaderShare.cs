namespace LayerStream.Planning;

/// <summary>How many reads run at the same time.</summary>
/// <param name="Reads">All of them.</param>
/// <param name="Urgent">Of them, those that ordinary reads leave to demanded experts, so that a burst does not wait behind them.</param>
public readonly record struct ReaderShare(int Reads, int Urgent);
