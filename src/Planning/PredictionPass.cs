namespace LayerStream.Planning;

/// <summary>What a decode pass says about predicted reads.</summary>
/// <param name="WasPredicted">Whether it ran with predictions.</param>
/// <param name="NeededBytes">Bytes of experts that it had to have from flash, read ahead or on demand.</param>
/// <param name="WaitTicks">How long compute waited for them.</param>
/// <param name="UsefulBytes">Predicted bytes that were demanded.</param>
/// <param name="WastedBytes">Predicted bytes that were not.</param>
public readonly record struct PredictionPass(bool WasPredicted, long NeededBytes, long WaitTicks, long UsefulBytes, long WastedBytes);
