namespace LayerStream.Planning.Tuning;

/// <summary>What one decode pass showed of the ring and the disk. Times in seconds.</summary>
/// <param name="WallSeconds">The whole pass.</param>
/// <param name="WaitSeconds">Of it, compute waited for tiles of the ring.</param>
/// <param name="BusySeconds">Of it, at least one read was running.</param>
/// <param name="ReadBytes">Bytes that arrived.</param>
/// <param name="WasFull">How often compute came for a tile and found as many ready as the depth allows.</param>
/// <param name="WasEmpty">How often it found none.</param>
public readonly record struct TunedPass(double WallSeconds, double WaitSeconds, double BusySeconds, long ReadBytes, int WasFull,
    int WasEmpty);
