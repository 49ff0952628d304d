using System.Runtime.InteropServices;

namespace LayerStream.Memory;

/// <summary>The few C library calls this project needs. Values differ between Linux and macOS where noted.</summary>
internal static partial class NativePages
{
    internal const int ProtectRead = 1;
    internal const int ProtectWrite = 2;
    internal const int MapPrivate = 2;
    internal const int AdviseRandom = 1; // POSIX_FADV_RANDOM
    internal const int AdviseDontNeed = 4; // POSIX_FADV_DONTNEED on x86-64 and arm64

    /// <summary>MAP_ANONYMOUS.</summary>
    internal static int MapAnonymous => OperatingSystem.IsLinux() ? 0x20 : 0x1000;

    /// <summary>MADV_HUGEPAGE of Linux.</summary>
    public const int AdviseHugePages = 14;

    /// <summary>MADV_POPULATE_WRITE of Linux, since 5.14.</summary>
    public const int AdvisePopulate = 23;

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    public static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    internal static partial int Sync(SafeHandle file);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    internal static partial int Advise(SafeHandle file, nint offset, nint length, int advice);
}
