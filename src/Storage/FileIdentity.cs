using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Storage;

/// <summary>What tells a file from every other, whatever it is called: hard links have the same.</summary>
/// <param name="Volume">The file system.</param>
/// <param name="Number">The file's number there.</param>
public readonly unsafe partial record struct FileIdentity(ulong Volume, ulong Number)
{
    private const int InformationBytes = 52; // BY_HANDLE_FILE_INFORMATION

    /// <summary>Identity of the file that a path leads to; null when there is none, or the system does not say.</summary>
    public static FileIdentity? Of(string path) => OperatingSystem.IsWindows() ? OfWindows(path)
        : NativeFile.TryIdentify(path, out ulong volume, out ulong number) ? new FileIdentity(volume, number) : null;

    private static FileIdentity? OfWindows(string path)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte* information = stackalloc byte[InformationBytes];
            return GetFileInformationByHandle(file, information)
                ? new FileIdentity(
                    *(uint*)(information + 28), ((ulong)*(uint*)(information + 44) << 32) | *(uint*)(information + 48)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetFileInformationByHandle(SafeFileHandle file, byte* information);
}
