namespace LayerStream.Storage.Tests;

internal sealed class OddDevice(Func<int, int> behaviour) : IFlashDevice
{
    public int Alignment => 4096;

    public bool IsDirect => true;

    public string? FallbackReason => null;

    public IReadOnlyList<string> Files => ["odd"];

    public long FileLength(int file) => 8192;

    public string? DescribeChange(int file) => null;

    public int Read(int file, long offset, nint destination, int length) => behaviour(length);

    public void Dispose()
    {
    }
}
