namespace LayerStream.Planning.Drafts;

/// <summary>Memory of a model that guesses for another, all of which stays.</summary>
/// <param name="WeightBytes">Its weights.</param>
/// <param name="ActivationBytes">Rows, scratch and logits.</param>
/// <param name="StateBytes">State of a sequence of so many tokens.</param>
public sealed record DraftMemory(long WeightBytes, long ActivationBytes, Func<int, long> StateBytes);
