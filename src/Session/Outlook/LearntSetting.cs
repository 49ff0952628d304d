namespace LayerStream.Session.Outlook;

/// <summary>Depth and reads at the same time that the tuner found best.</summary>
/// <param name="BudgetBytes">The budget it was found under: another one streams another part of the model.</param>
/// <param name="Depth">Slots ahead of compute.</param>
/// <param name="Reads">Reads at the same time.</param>
public sealed record LearntSetting(long BudgetBytes, int Depth, int Reads);
