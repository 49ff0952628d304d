namespace LayerStream.Formats;

/// <summary>
/// Caps on what a file may claim. Counts are small enough that all bookkeeping of the largest permitted tables
/// fits the 1 MiB that a reader may allocate beyond twice the bytes it reads.
/// </summary>
internal static class GgufLimits
{
    internal const int HeaderBytes = 24;
    internal const int MaxKeys = 1024;
    internal const int MaxTensors = 8192;
    internal const int MaxShards = 1024;
    internal const int MaxKeyBytes = 65535;
    internal const int MaxTensorNameBytes = 63;
    internal const int MaxDimensions = 4;
    internal const int MaxValueBytes = 1 << 28;
    internal const int MinKeyBytes = 8 + 4 + 1;
    internal const int MinTensorBytes = 8 + 4 + 4 + 8;
    internal const int DefaultAlignment = 32;
    internal const int MinAlignment = 8;
    internal const int MaxAlignment = 1 << 20;

    /// <summary>Whether tensors may be aligned so: the format asks for a multiple of 8, not for a power of two.</summary>
    internal static bool IsAlignment(long bytes) => bytes is >= MinAlignment and <= MaxAlignment && bytes % MinAlignment == 0;
}
