using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Storage;

/// <summary>The C library calls of Unix reads and files (64-bit only). Flag values differ by system and processor where noted.</summary>
internal static unsafe partial class NativeFile
{
    internal const int AdviseRandom = 1;
    internal const int AdviseDontNeed = 4;
    private const int NoCache = 48; // F_NOCACHE, macOS
    private const int GetFlags = 3; // F_GETFL
    private const int SetFlags = 4; // F_SETFL
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int AtEmptyPath = 0x1000;
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int StatBytes = 256; // more than any of the structures takes
    private const uint StatType = 1;
    private const uint StatModifiedTime = 0x40;
    private const uint StatNumber = 0x100;
    private const uint StatSize = 0x200;
    private const int TypeMask = 0xF000;
    private const int RegularFile = 0x8000;

    private static readonly bool s_isLinux = OperatingSystem.IsLinux();

    // O_CLOEXEC | O_NONBLOCK; the latter so that opening a pipe returns and can be refused.
    private static int BaseFlags => s_isLinux ? 0x80000 | 0x800 : 0x1000000 | 0x4;

    private static int DuplicateFlag => s_isLinux ? 1030 : 67; // F_DUPFD_CLOEXEC

    private static int DirectFlag => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x10000 : 0x4000;

    /// <summary>Opens for reading, through the page cache.</summary>
    /// <returns>Null and the errno when refused.</returns>
    internal static SafeFileHandle? Open(string path, out int errno)
    {
        int file;
        do
        {
            file = OpenFile(path, BaseFlags);
            errno = file < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (errno == Errno.Interrupted);
        return file < 0 ? null : new SafeFileHandle(file, ownsHandle: true);
    }

    /// <summary>A second descriptor of an open file.</summary>
    /// <returns>Null and the errno when there is none left.</returns>
    internal static SafeFileHandle? Duplicate(SafeFileHandle file, out int errno)
    {
        int copy = s_isLinux || RuntimeInformation.ProcessArchitecture != Architecture.Arm64
            ? Control(file, DuplicateFlag, 0) : ControlArm64(file, DuplicateFlag, 0, 0, 0, 0, 0, 0, 0);
        errno = copy < 0 ? Marshal.GetLastPInvokeError() : 0;
        return copy < 0 ? null : new SafeFileHandle(copy, ownsHandle: true);
    }

    /// <summary>One pread, begun again when a signal interrupts it.</summary>
    /// <returns>Bytes read, or −1 and the errno.</returns>
    internal static int Read(SafeFileHandle file, nint destination, int length, long offset, out int errno)
    {
        nint count;
        do
        {
            count = ReadAt(file, destination, (nuint)length, offset);
            errno = count < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (errno == Errno.Interrupted);
        return (int)count;
    }

    /// <summary>Size in bytes and modification time in nanoseconds, of the open file itself.</summary>
    /// <returns>False when it is not a regular file.</returns>
    internal static bool TryStat(SafeFileHandle file, out long length, out long modifiedNanos)
    {
        modifiedNanos = 0;
        if (s_isLinux)
        {
            byte* stat = stackalloc byte[StatBytes]; // struct statx: the same layout on every processor
            new Span<byte>(stat, StatBytes).Clear();
            if (StatExtended(file, "", AtEmptyPath, StatType | StatModifiedTime | StatSize, stat) == 0)
            {
                length = *(long*)(stat + 40);
                modifiedNanos = unchecked((*(long*)(stat + 112) * 1_000_000_000) + *(uint*)(stat + 120));
                return (*(ushort*)(stat + 28) & TypeMask) == RegularFile;
            }
        }

        return TryStatPlain(file, out length, out modifiedNanos); // sandboxes forbid statx, old kernels lack it
    }

    /// <summary>As <see cref="TryStat"/>, by way of the runtime, which asks with fstat; times in steps of 100 ns.</summary>
    internal static bool TryStatPlain(SafeFileHandle file, out long length, out long modifiedNanos)
    {
        modifiedNanos = 0;
        try
        {
            length = RandomAccess.GetLength(file);
            modifiedNanos = (File.GetLastWriteTimeUtc(file) - DateTime.UnixEpoch).Ticks * 100;
            return true;
        }
        catch (Exception e) when (e is NotSupportedException or IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            length = 0; // cannot seek: a pipe, a socket or a terminal
            return false;
        }
    }

    /// <summary>What tells the file that a path leads to from every other: its file system, and its number there.</summary>
    /// <returns>False when there is none, or the system does not say.</returns>
    internal static bool TryIdentify(string path, out ulong volume, out ulong number)
    {
        (volume, number) = (0, 0);
        byte* stat = stackalloc byte[StatBytes];
        new Span<byte>(stat, StatBytes).Clear();
        if (s_isLinux)
        {
            if (StatPathExtended(CurrentFolder, path, 0, StatNumber, stat) == 0)
            {
                (volume, number) = (*(ulong*)(stat + 136), *(ulong*)(stat + 32));
                return true;
            }
        }
        else if (OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64 && StatPath(path, stat) == 0)
        {
            (volume, number) = (*(uint*)stat, *(ulong*)(stat + 8));
            return true;
        }

        return false;
    }

    internal static void Advise(SafeFileHandle file, long offset, long length, int advice)
    {
        if (s_isLinux)
        {
            _ = AdviseFile(file, offset, length, advice);
        }
    }

    /// <summary>Makes the reads of an open file bypass the page cache from now on, or not.</summary>
    /// <returns>False and the errno when refused.</returns>
    internal static bool SetDirect(SafeFileHandle file, bool isDirect, out int errno)
    {
        bool isSet;
        if (s_isLinux)
        {
            int flags = (int)Control(file, GetFlags, 0);
            isSet = flags >= 0 && Control(file, SetFlags, isDirect ? flags | DirectFlag : flags & ~DirectFlag) >= 0;
        }
        else
        {
            isSet = SetNoCache(file, isDirect ? 1 : 0);
        }

        errno = isSet ? 0 : Marshal.GetLastPInvokeError();
        return isSet;
    }

    /// <summary>The next range without data at or behind an offset (Linux); null when there is none before the end, or the system does not
    /// say.</summary>
    internal static (long Begin, long End)? NextHole(SafeFileHandle file, long offset, long length)
    {
        long begin = s_isLinux && offset < length ? Seek(file, offset, SeekHole) : -1;
        if (begin < 0 || begin >= length)
        {
            return null;
        }

        long end = Seek(file, begin, SeekData);
        return (begin, end < 0 ? length : Math.Min(end, length)); // no data behind it: the hole reaches to the end
    }

    private static bool SetNoCache(SafeFileHandle file, int value) =>
        // Variadic arguments lie on the stack on Apple arm64: six fillers push the value there.
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? ControlArm64(file, NoCache, 0, 0, 0, 0, 0, 0, value) >= 0
            : Control(file, NoCache, value) >= 0;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    private static partial nint ReadAt(SafeFileHandle file, nint destination, nuint length, long offset);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int AdviseFile(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatExtended(SafeFileHandle file, string path, int flags, uint mask, byte* stat);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatPathExtended(int folder, string path, int flags, uint mask, byte* stat);

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatPath(string path, byte* stat);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int ControlArm64(
        SafeFileHandle file, int command, nint a, nint b, nint c, nint d, nint e, nint f, nint argument);
}
