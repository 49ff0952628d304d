using System.Diagnostics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using LayerStream.Kernels;
using Xunit;

namespace LayerStream.Golden.Tests;

/// <summary>Logits and draws once more in processes that lack an instruction set: the same stored bits.</summary>
public sealed class InstructionSetTests(ITestOutputHelper log)
{
    private static readonly string[] s_settings =
        ["DOTNET_EnableAVXVNNI", "DOTNET_EnableAVX512", "DOTNET_EnableAVX2", "DOTNET_EnableHWIntrinsic"];

    private static readonly Dictionary<string, Lazy<Task<(int Code, string Output)>>> s_runs =
        s_settings.ToDictionary(s => s, s => new Lazy<Task<(int Code, string Output)>>(() => RunAsync(s)));

    public static TheoryData<string> Settings => [.. s_settings];

    [Theory]
    [MemberData(nameof(Settings))]
    public async Task Logits_WithoutAnInstructionSet_HaveTheStoredBits(string setting)
    {
        if (!IsToBeRun(setting))
        {
            Assert.Skip("this process has no such instructions either: that one would compute as it does");
        }

        (string Name, bool IsHere)[] levels = [("AVX-512", Isa.Avx512), ("AVX-VNNI", AvxVnni.IsSupported), ("AVX2", Isa.Avx2),
            ("AdvSimd", Isa.AdvSimd), ("dot products of ARM64", Dp.IsSupported)];
        log.WriteLine($"{Isa.Describe()}; not on this machine, so not run: "
            + $"{string.Join(", ", levels.Where(level => !level.IsHere).Select(level => level.Name))}");
        _ = s_settings.Select(s => IsToBeRun(s) ? s_runs[s].Value : null).ToArray(); // side by side: each takes minutes of one core
        (int code, string output) = await s_runs[setting].Value;
        Assert.True(code == 0, output);
        Assert.Contains("Total: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Total: 0", output, StringComparison.Ordinal);
    }

    private static bool IsToBeRun(string setting) => Environment.GetEnvironmentVariable(setting) != "0"
        && (setting != "DOTNET_EnableAVXVNNI" || AvxVnni.IsSupported)
        && (setting != "DOTNET_EnableAVX512" || Isa.Avx512);

    private static async Task<(int Code, string Output)> RunAsync(string setting)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Golden.Tests" + (OperatingSystem.IsWindows() ? ".exe" : string.Empty));
        ProcessStartInfo start = new(program, ["-class", "*" + nameof(LogitHashTests)])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment[setting] = "0";
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output);
    }
}
