namespace LayerStream.Storage;

/// <summary>What a measured series of reads took.</summary>
/// <param name="Bytes">Bytes of payload.</param>
/// <param name="Seconds">From the first submission to the last completion.</param>
/// <param name="CpuSeconds">Processor time of the process in it.</param>
public readonly record struct ReadRate(long Bytes, double Seconds, double CpuSeconds)
{
    /// <summary>Bytes per second.</summary>
    public double BytesPerSecond => Bytes / Math.Max(Seconds, 1e-9);

    /// <summary>Processor seconds per byte.</summary>
    public double CpuSecondsPerByte => CpuSeconds / Math.Max(1, Bytes);
}
