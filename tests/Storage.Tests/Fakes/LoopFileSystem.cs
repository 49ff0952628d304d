using System.Diagnostics;
using Xunit;

namespace LayerStream.Storage.Tests.Fakes;

/// <summary>A file system of a kind on a loop device (or in memory), mounted for one test. Skips the test, with the reason, where that is
/// not possible.</summary>
internal sealed class LoopFileSystem : IDisposable
{
    private const long ImageBytes = 256L << 20; // btrfs wants 109 MiB at least

    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(),
        "layerstream-" + Guid.NewGuid().ToString("n"))).FullName;
    private readonly Stack<string> _mounted = new();

    /// <param name="kind"><c>ext4</c>, <c>btrfs</c>, <c>xfs</c>, <c>tmpfs</c> or <c>overlay</c> (over ext4).</param>
    /// <param name="options">Options of the mount, or empty.</param>
    internal LoopFileSystem(string kind, string options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "mounting a file system needs root on Linux");
        try
        {
            Root = kind switch
            {
                "tmpfs" => Mount("tmpfs", kind, options),
                "overlay" => Overlay(options),
                _ => Mount(Image(kind), kind, options.Length == 0 ? "loop" : "loop," + options),
            };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where it is mounted.</summary>
    internal string Root { get; } = "";

    public void Dispose()
    {
        while (_mounted.TryPop(out string? point))
        {
            Run("umount", point);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string Overlay(string options)
    {
        string lower = Mount(Image("ext4"), "ext4", options.Length == 0 ? "loop" : "loop," + options);
        foreach (string name in new[] { "below", "above", "work" })
        {
            Directory.CreateDirectory(Path.Combine(lower, name));
        }

        return Mount("overlay", "overlay", $"lowerdir={lower}/below,upperdir={lower}/above,workdir={lower}/work");
    }

    private string Image(string kind)
    {
        string image = Path.Combine(_folder, kind + ".img");
        using (FileStream file = new(image, FileMode.CreateNew))
        {
            file.SetLength(ImageBytes);
        }

        string? problem = Run($"mkfs.{kind}", "-q", image);
        Assert.SkipWhen(problem is not null, $"no {kind} can be made here: {problem}");
        return image;
    }

    private string Mount(string what, string kind, string options)
    {
        string point = Directory.CreateDirectory(Path.Combine(_folder, "mount" + _mounted.Count)).FullName;
        string? problem = options.Length == 0 ? Run("mount", "-t", kind, what, point)
            : Run("mount", "-t", kind, "-o", options, what, point);
        Assert.SkipWhen(problem is not null, $"{kind} cannot be mounted here: {problem}");
        _mounted.Push(point);
        return point;
    }

    /// <summary>Null when it went well, otherwise what it said.</summary>
    private static string? Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true
            })!;
            string said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"{program} ended with {process.ExitCode}: {said.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return error.Message;
        }
    }
}
