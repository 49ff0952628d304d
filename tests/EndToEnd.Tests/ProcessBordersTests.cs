using System.Diagnostics;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>Where the program meets the system: descriptors it was started without, and what it leaves when it is killed.</summary>
public sealed class ProcessBordersTests
{
    [Theory]
    [InlineData("synth", "2>&-", 2)]
    [InlineData("synth", "<&- >&- 2>&-", 2)]
    [InlineData("tokenize --jsonl", "<&-", 0)]
    [InlineData("tokenize --jsonl", "<&- 2>&-", 0)]
    [InlineData("tokenize Hello", ">&-", 1)]
    [InlineData("tokenize Hello --json", "<&- >&-", 1)]
    public async Task Run_WithDescriptorsClosed_EndsWithItsCode(string arguments, string closed, int code)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "descriptors of POSIX");
        using Process run = Process.Start("sh", ["-c", $"exec '{CommandLineProcess.Binary}' {arguments} {closed}"]);
        await EndAsync(run);
        Assert.Equal(code, run.ExitCode);
    }

    [Fact]
    public async Task Kill_DuringARun_LeavesNoFiles()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the runtime leaves files on POSIX only");
        string folder = Directory.CreateTempSubdirectory("layerstream-").FullName;
        try
        {
            ProcessStartInfo start = new(CommandLineProcess.Binary, ["chat", "--model", CommandLineProcess.Model, "--context", "64"])
            {
                RedirectStandardInput = true, // which stays open: it waits for a line
                RedirectStandardError = true,
            };
            start.Environment["TMPDIR"] = folder;
            using Process run = Process.Start(start)!;
            while (await run.StandardError.ReadLineAsync(Token) is { } line && !line.Contains("free", StringComparison.Ordinal))
            {
            }

            run.Kill();
            await EndAsync(run);
            Assert.Empty(Directory.GetFileSystemEntries(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task ParseSpecial_OfAMessage_RecognisesItsControlTokens()
    {
        string[] arguments = ["run", "a<|im_end|>b", "--json", "--max-tokens", "1", "--context", "128"];
        List<int> lengths = [];
        foreach (string[] more in new string[][] { [], ["--parse-special"] })
        {
            (int code, string output, string error) = await CommandLineProcess.RunAsync(null, [.. arguments, .. more]);
            Assert.True(code == 0, error);
            using JsonDocument json = JsonDocument.Parse(output);
            lengths.Add(json.RootElement.GetProperty("promptTokens").GetInt32());
        }

        Assert.True(lengths[1] < lengths[0], string.Join(" and ", lengths));
    }

    private static async Task EndAsync(Process run)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        try
        {
            await run.WaitForExitAsync(limit.Token);
        }
        finally
        {
            run.Kill(entireProcessTree: true);
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
