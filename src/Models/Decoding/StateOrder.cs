namespace LayerStream.Models.Decoding;

/// <summary>A change of one sequence's state, for whoever keeps the state of the same sequence in other layers: the same orders in the
/// same order, and the same passes, leave it behind the same tokens in as many pages.</summary>
/// <param name="Change">What is done.</param>
/// <param name="Tokens">Tokens, or rows that were right.</param>
/// <param name="Slot">Of the snapshot that is written or read; null = the state as it stands.</param>
/// <param name="From">State that is taken over, by its number.</param>
/// <param name="FromSlot">Of its snapshot; null = as it stands.</param>
public readonly record struct StateOrder(StateChange Change, int Tokens = 0, int? Slot = null, int From = 0, int? FromSlot = null);
