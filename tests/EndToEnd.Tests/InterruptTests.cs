using System.Diagnostics;

namespace LayerStream.EndToEnd.Tests;

/// <summary>Ctrl-C on the running program.</summary>
public sealed class InterruptTests
{
    [Fact]
    public async Task Interrupt_WhileTheSystemKeepsTheProgramWaiting_EndsItAtTheSecond()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals of POSIX");
        string pipe = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}");
        using (Process made = Process.Start("mkfifo", [pipe]))
        {
            await made.WaitForExitAsync(Token);
        }

        try
        {
            string[] arguments = ["run", "--ids", "1,2", "--max-tokens", "2", "--context", "64", "--trace", pipe];
            using Process run = CommandLineProcess.StartInterruptible(arguments);
            await CommandLineProcess.UntilItWaitsAsync(run, Token); // for a reader of its trace
            Assert.False(run.HasExited, "a pipe without a reader was not waited for");
            for (int i = 0; i < 2 && !run.HasExited; i++)
            {
                await PosixSignal.SendAsync(run, "INT");
                await Task.Delay(TimeSpan.FromSeconds(1), Token);
            }

            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
            try
            {
                await run.WaitForExitAsync(limit.Token);
            }
            finally
            {
                run.Kill();
            }

            Assert.Equal(130, run.ExitCode);
        }
        finally
        {
            File.Delete(pipe);
        }
    }

    /// <summary>Where a verb waits for input that may never come, one signal ends it.</summary>
    [Theory]
    [InlineData("INT", "run", "-")]
    [InlineData("INT", "score", "-")]
    [InlineData("INT", "tokenize", "--jsonl")]
    [InlineData("INT", "grammar", "--regex", "a")]
    [InlineData("TERM", "chat", "--context", "64", "--memory-budget", "192MiB")]
    [InlineData("INT", "chat", "--context", "64", "--memory-budget", "192MiB")]
    public async Task Interrupt_WhileInputIsAwaited_EndsItAtTheFirst(string signal, params string[] arguments)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals of POSIX");
        using Process run = CommandLineProcess.StartInterruptible(arguments, input: true);
        try
        {
            await CommandLineProcess.UntilItWaitsAsync(run, Token);
            Assert.False(run.HasExited, "input was not waited for");
            await PosixSignal.SendAsync(run, signal);
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
            await run.WaitForExitAsync(limit.Token);
            Assert.Equal(130, run.ExitCode);
        }
        finally
        {
            run.Kill();
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
