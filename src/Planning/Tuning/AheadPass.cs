namespace LayerStream.Planning.Tuning;

/// <summary>What one decode pass showed of experts that are read before they are demanded. Times in seconds.</summary>
/// <param name="WasPredicted">Whether it ran with predictions.</param>
/// <param name="WallSeconds">The whole pass.</param>
/// <param name="WaitSeconds">Of it, compute waited for experts.</param>
/// <param name="BusySeconds">Of it, at least one read was running.</param>
/// <param name="NeededBytes">Bytes of experts that it had to have from flash, read ahead or on demand.</param>
/// <param name="UsefulBytes">Predicted bytes that were demanded.</param>
/// <param name="WastedBytes">Predicted bytes that were not.</param>
/// <param name="Refusals">How often a prediction found no slot that it might take.</param>
public readonly record struct AheadPass(bool WasPredicted, double WallSeconds, double WaitSeconds, double BusySeconds, long NeededBytes,
    long UsefulBytes, long WastedBytes, long Refusals);
