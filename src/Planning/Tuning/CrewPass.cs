namespace LayerStream.Planning.Tuning;

/// <summary>What one pass showed of the threads that compute. Times in seconds.</summary>
/// <param name="Rows">Rows of the pass.</param>
/// <param name="ComputeSeconds">Of its wall, all but waits for the disk and for collections of garbage.</param>
/// <param name="HeldUpSeconds">Of it, the compute thread waited long for a member that had work.</param>
/// <param name="QueuedSeconds">Of it, the compute thread itself was ready to run and had no core.</param>
public readonly record struct CrewPass(int Rows, double ComputeSeconds, double HeldUpSeconds, double QueuedSeconds);
