using System.Diagnostics;

namespace LayerStream.Memory;

/// <summary>What the kernel counts for this process.</summary>
public static class ProcessMemory
{
    /// <summary>Resident bytes now (VmRSS; working set elsewhere).</summary>
    public static long ResidentBytes() => ReadStatus("VmRSS:") ?? Environment.WorkingSet;

    /// <summary>Largest resident bytes since the process started (VmHWM; peak working set elsewhere).</summary>
    public static long PeakResidentBytes()
    {
        if (ReadStatus("VmHWM:") is { } peak)
        {
            return peak;
        }

        using Process self = Process.GetCurrentProcess();
        return Math.Max(self.PeakWorkingSet64, Environment.WorkingSet);
    }

    /// <summary>
    /// Writes a file's dirty pages out and drops its pages from the page cache, which is charged to this process's control group.
    /// Only Linux can; elsewhere, and for files that cannot be opened, nothing happens.
    /// </summary>
    public static void DropFileCache(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _ = NativePages.Sync(file); // dirty pages cannot be dropped
            _ = NativePages.Advise(file, 0, 0, NativePages.AdviseDontNeed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Advice only: a file that is gone has no cache to drop.
        }
    }

    private static long? ReadStatus(string field)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith(field, StringComparison.Ordinal))
            {
                return PseudoFile.ParseKibibytes(line.AsSpan(field.Length));
            }
        }

        return null;
    }
}
