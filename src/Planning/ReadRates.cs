namespace LayerStream.Planning;

/// <summary>What the device delivers to reads as a run makes them.</summary>
/// <param name="StreamBytesPerSecond">Dense tiles in the order of a pass.</param>
/// <param name="BurstBytesPerSecond">The missed experts of a layer at once, then those of the next.</param>
/// <param name="ConcurrentBytes">Bytes of experts that are read side by side.</param>
/// <param name="CpuSecondsPerByte">Processor time that reading takes from compute, over all cores.</param>
public sealed record ReadRates(double StreamBytesPerSecond, double BurstBytesPerSecond, long ConcurrentBytes, double CpuSecondsPerByte);
