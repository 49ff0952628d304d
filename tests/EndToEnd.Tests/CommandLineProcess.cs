using System.Diagnostics;

namespace LayerStream.EndToEnd.Tests;

/// <summary>The built program, run as a user runs it.</summary>
internal static class CommandLineProcess
{
    internal static string Root { get; } = FindRoot();

    internal static string Binary => Path.Combine(Root, "src", "Host", "bin", "Release", "net10.0", "layerstream");

    internal static string Model => Path.Combine(Root, "models", "SmolLM2-135M-Instruct-Q4_1.gguf");

    /// <summary>Runs to the end; gives exit code, stdout, stderr.</summary>
    internal static async Task<(int Code, string Output, string Error)> RunAsync(string? input, params string[] arguments)
    {
        Assert.True(File.Exists(Binary), $"{Binary} is not there: build the solution in Release first");
        ProcessStartInfo start = new(Binary, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment.TryAdd("LAYERSTREAM__PROFILE", "off"); // nothing of the user's is read or written
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(3));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        return (process.ExitCode, await output, await error);
    }

    /// <summary>Starts it so that it hears of SIGINT: a job in the background of a shell ignores the signal, and so would its
    /// children.</summary>
    internal static Process StartInterruptible(IEnumerable<string> arguments, bool input = false) =>
        Process.Start(new ProcessStartInfo("env", ["--default-signal=INT", Binary, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardInput = input, // stays open, and nothing comes
        })!;

    /// <summary>Returns when a process has come to where it waits: none of its threads has run or read for a second.</summary>
    internal static async Task UntilItWaitsAsync(Process process, CancellationToken ct)
    {
        const int Looks = 20;
        if (!OperatingSystem.IsLinux())
        {
            await Task.Delay(TimeSpan.FromSeconds(6), ct);
            return;
        }

        for (int still = 0; still < Looks && !process.HasExited; await Task.Delay(1000 / Looks, ct))
        {
            still = IsAsleep(process.Id) ? still + 1 : 0;
        }
    }

    private static bool IsAsleep(int process)
    {
        try
        {
            return Directory.GetDirectories($"/proc/{process}/task").All(task =>
            {
                string stat = File.ReadAllText(Path.Combine(task, "stat"));
                return stat[stat.LastIndexOf(')') + 2] == 'S';
            });
        }
        catch (IOException)
        {
            return false; // a thread that ended meanwhile
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "LayerStream.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("LayerStream.sln is not above the tests");
    }
}
