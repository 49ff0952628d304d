using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Storage;

/// <summary>What tells a file from every other, whatever it is called: hard links have the same.</summary>
/// <param name="Volume">The file system.</param>
/// <param name="Number">The file's number there.</param>
public readonly unsafe partial record struct FileIdentity(ulong Volume, ulong Number)
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint StatNumber = 0x100;  // STATX_INO
    private const int StatBytes = 256;      // more than any of the structures below

    /// <summary>Identity of the file that a path leads to; null when there is none, or the system does not say.</summary>
    public static FileIdentity? Of(string path)
    {
        byte* stat = stackalloc byte[StatBytes];
        new Span<byte>(stat, StatBytes).Clear();
        if (OperatingSystem.IsLinux()) // struct statx: the same layout on every processor
        {
            return StatExtended(CurrentFolder, path, 0, StatNumber, stat) == 0
                ? new FileIdentity(*(ulong*)(stat + 136), *(ulong*)(stat + 32)) : null;
        }

        if (OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64)
        {
            return Stat(path, stat) == 0 ? new FileIdentity(*(uint*)stat, *(ulong*)(stat + 8)) : null;
        }

        return OperatingSystem.IsWindows() ? OfWindows(path, stat) : null;
    }

    private static FileIdentity? OfWindows(string path, byte* information)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return GetFileInformationByHandle(file, information) // BY_HANDLE_FILE_INFORMATION
                ? new FileIdentity(
                    *(uint*)(information + 28), ((ulong)*(uint*)(information + 44) << 32) | *(uint*)(information + 48)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatExtended(int folder, string path, int flags, uint mask, byte* stat);

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(string path, byte* stat);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetFileInformationByHandle(SafeFileHandle file, byte* information);
}
