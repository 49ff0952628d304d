namespace LayerStream.Storage;

/// <summary>Error numbers with a meaning here.</summary>
internal static class Errno
{
    internal const int Interrupted = 4;
    internal const int InputOutput = 5;
    internal const int TryAgainLinux = 11;
    internal const int InvalidArgument = 22;
    internal const int TryAgainMacOS = 35;
    internal const int Canceled = 125;
    private const int WindowsCrc = 23;
    private const int WindowsTimeout = 121;
    private const int WindowsDevice = 1117;

    private const int NotSupportedLinux = 95;
    private const int NotSupportedMacOS = 45;

    /// <summary>Worth reading again.</summary>
    internal static bool IsTransient(int errno) => OperatingSystem.IsWindows()
        ? errno is WindowsCrc or WindowsTimeout or WindowsDevice
        : errno is InputOutput || errno == (OperatingSystem.IsMacOS() ? TryAgainMacOS : TryAgainLinux);

    /// <summary>The file system does not do direct reads, or not with this alignment.</summary>
    internal static bool RefusesDirect(int errno) =>
        errno is InvalidArgument || errno == (OperatingSystem.IsMacOS() ? NotSupportedMacOS : NotSupportedLinux);
}
