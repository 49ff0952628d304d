using System.Buffers.Text;
using Microsoft.Win32.SafeHandles;

namespace LayerStream.Memory;

/// <summary>
/// How much of the processor the control groups (Linux, v1 cpu.cfs_quota_us and v2 cpu.max) give to this process. The groups are found
/// once; what they give is read anew each time, without allocation, because it can be changed while a process runs. For one thread.
/// </summary>
public sealed class ProcessorQuota : IDisposable
{
    private const long DefaultPeriodMicros = 100_000;

    private readonly List<(SafeFileHandle Quota, SafeFileHandle? Period)> _files = []; // version 2 has both in one file
    private readonly byte[] _text = new byte[64];

    private ProcessorQuota()
    {
    }

    /// <summary>Finds the groups of this process.</summary>
    public static ProcessorQuota Open() => Open("/");

    /// <summary>The same with /proc and the control groups looked up below another root.</summary>
    /// <param name="systemRoot">Directory that stands for "/".</param>
    public static ProcessorQuota Open(string systemRoot)
    {
        ProcessorQuota quota = new();
        foreach (CgroupPath path in OperatingSystem.IsLinux() ? CgroupPath.Find(systemRoot, "cpu") : [])
        {
            foreach (string directory in path.Directories())
            {
                if (path.IsVersion2 && OpenFile(directory, "cpu.max") is { } both)
                {
                    quota._files.Add((both, null));
                }
                else if (!path.IsVersion2 && OpenFile(directory, "cpu.cfs_quota_us") is { } limit)
                {
                    quota._files.Add((limit, OpenFile(directory, "cpu.cfs_period_us")));
                }
            }
        }

        return quota;
    }

    /// <summary>Cores that the group and its ancestors give, for example 1.5; null where none sets a limit.</summary>
    public double? Cores()
    {
        double cores = double.PositiveInfinity;
        foreach ((SafeFileHandle quota, SafeFileHandle? period) in _files)
        {
            ReadOnlySpan<byte> text = Read(quota);
            // "150000" and −1 for none; version 2: "150000 100000" and "max 100000"
            if (!Utf8Parser.TryParse(text, out long micros, out int used) || micros <= 0)
            {
                continue;
            }

            long periodMicros = DefaultPeriodMicros;
            text = period is null ? text[Math.Min(text.Length, used + 1)..] : Read(period);
            if (Utf8Parser.TryParse(text, out long given, out _) && given > 0)
            {
                periodMicros = given;
            }

            cores = Math.Min(cores, (double)micros / periodMicros);
        }

        return double.IsPositiveInfinity(cores) ? null : cores;
    }

    /// <summary>Closes the groups' files.</summary>
    public void Dispose()
    {
        foreach ((SafeFileHandle quota, SafeFileHandle? period) in _files)
        {
            quota.Dispose();
            period?.Dispose();
        }

        _files.Clear();
    }

    private static SafeFileHandle? OpenFile(string directory, string name)
    {
        try
        {
            return File.OpenHandle(Path.Combine(directory, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // the root group has none
        }
    }

    private ReadOnlySpan<byte> Read(SafeFileHandle file)
    {
        try
        {
            return _text.AsSpan(0, RandomAccess.Read(file, _text, 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // the group is gone
        }
    }
}
