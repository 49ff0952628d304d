using System.Diagnostics;
using Xunit;

namespace LayerStream.Kernels.Tests;

/// <summary>
/// The tests of products and of the definition of all else once more in a process that lacks an instruction set: the same bits, which are
/// stored.
/// </summary>
public sealed class InstructionSetTests
{
    [Theory]
    [InlineData("DOTNET_EnableAVXVNNI")]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public Task Products_WithoutAnInstructionSet_Hold(string setting) =>
        RunWithout(setting, "-method", "*" + nameof(MatMulTests.Multiply_AnyTokensAndRowSplit_BitEqual), "-method",
            "*" + nameof(MatMulTests.Multiply_GoldenRows_MatchesReferenceDots), "-method",
            "*" + nameof(ProductHashTests.Multiply_OfAType_HasTheStoredBits), "-method",
            "*" + nameof(ProductHashTests.Multiply_OfABlockTypeAnd16BitActivations_HasTheStoredBits));

    [Theory]
    [InlineData("DOTNET_EnableAVXVNNI")]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public Task Operators_WithoutAnInstructionSet_HaveTheDefinedBits(string setting) =>
        RunWithout(setting, "-class", "*" + nameof(DefinitionTests), "-class", "*" + nameof(ElementaryTests));

    private static async Task RunWithout(string setting, params string[] tests)
    {
        if (Environment.GetEnvironmentVariable(setting) == "0")
        {
            Assert.Skip("this is that process");
        }

        string program = Path.Combine(AppContext.BaseDirectory, "Kernels.Tests" + (OperatingSystem.IsWindows() ? ".exe" : string.Empty));
        ProcessStartInfo start = new(program, tests)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment[setting] = "0";
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        Assert.Contains("Total: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Total: 0", output, StringComparison.Ordinal);
    }
}
