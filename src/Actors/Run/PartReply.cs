using LayerStream.Models.Decoding;

namespace LayerStream.Actors.Run;

/// <summary>What the engine behind answers.</summary>
/// <param name="IsLast">Whether all layers are through, or what was asked for is here.</param>
/// <param name="Values">Logits [rows × vocabulary] or a state [width]; empty between two layers.</param>
/// <param name="Faults">Of each sequence the first value that its part of a state could not hold; null = none.</param>
/// <param name="Failure">Why the pass has ended, or null.</param>
internal sealed record PartReply(bool IsLast, float[] Values, KeyValueRangeException?[] Faults, Exception? Failure = null);
