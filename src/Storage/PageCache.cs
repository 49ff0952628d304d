using System.Runtime.InteropServices;
using LayerStream.Formats;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Storage;

/// <summary>Looks whether reads of a file leave pages in the page cache (Linux).</summary>
internal static unsafe partial class PageCache
{
    private const int CacheStatCall = 451; // cachestat, Linux 6.5 and later, the same number on every processor
    private const int ProtectRead = 1;
    private const int MapShared = 1;
    private const int Places = 8;
    private const int Verdicts = 2;

    /// <summary>Whether blocks that were not cached are after a read of them. False where that cannot be told.</summary>
    /// <param name="file">Set to direct reads.</param>
    /// <param name="length">Bytes of the file.</param>
    /// <param name="block">Aligned room of one <see cref="ExtentWindow.Alignment"/>.</param>
    internal static bool IsFilledByReads(SafeFileHandle file, long length, nint block)
    {
        int filled = 0, places = (int)Math.Min(Places, length / ExtentWindow.Alignment);
        for (int i = 0; i < places && OperatingSystem.IsLinux(); i++)
        {
            long offset = ExtentWindow.RoundDown(length / places * i);
            NativeFile.Advise(file, offset, ExtentWindow.Alignment, NativeFile.AdviseDontNeed);
            // Of files of others the first says "yes" to everything, of files behind an overlay the second "no".
            Func<SafeFileHandle, long, bool?>? isCached = IsInCore(file, offset) is false ? IsInCore : IsCounted(file, offset) is false
                ? IsCounted : null;
            if (isCached is null || NativeFile.Read(file, block, ExtentWindow.Alignment, offset, out _) < 0)
            {
                continue;
            }

            filled += isCached(file, offset) is true ? 1 : 0;
            NativeFile.Advise(file, offset, ExtentWindow.Alignment, NativeFile.AdviseDontNeed);
            if (filled == Math.Min(Verdicts, places))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a block lies in the page cache, by a mapping that is never touched; null where the system does not tell.</summary>
    private static bool? IsInCore(SafeFileHandle file, long offset)
    {
        nint address = Map(0, ExtentWindow.Alignment, ProtectRead, MapShared, file, offset);
        if (address == -1)
        {
            return null;
        }

        byte* pages = stackalloc byte[ExtentWindow.Alignment / 4096];
        bool? isInCore = Residency(address, ExtentWindow.Alignment, pages) == 0 ? (pages[0] & 1) != 0 : null;
        _ = Unmap(address, ExtentWindow.Alignment);
        return isInCore;
    }

    private static bool? IsCounted(SafeFileHandle file, long offset)
    {
        ulong* range = stackalloc ulong[2];
        ulong* statistics = stackalloc ulong[8];
        (range[0], range[1]) = ((ulong)offset, ExtentWindow.Alignment);
        return SystemCall(CacheStatCall, file, range, statistics, 0) == 0 ? statistics[0] > 0 : null;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mincore")]
    private static partial int Residency(nint address, nuint length, byte* pages);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, SafeFileHandle file, ulong* range, ulong* statistics, nint flags);
}
