namespace LayerStream.Actors.Kept;

/// <summary>An expert that was in memory when an engine was left, so that the next one reads it first.</summary>
/// <param name="Bank">Number of its bank.</param>
/// <param name="Expert">Its number in the bank.</param>
internal readonly record struct HotExpert(int Bank, int Expert);
