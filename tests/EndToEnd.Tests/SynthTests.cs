namespace LayerStream.EndToEnd.Tests;

/// <summary>What <c>synth</c> refuses before it writes anything.</summary>
public sealed class SynthTests
{
    [Theory]
    [InlineData("no-such-shape", "qwen3-30b-a3b")]
    [InlineData("llama-8b", "tokens", "--layers", "2", "--vocab-without-tokens")]
    [InlineData("llama-8b", "--align", "--align", "48")]
    [InlineData("llama-8b", "--phys-layers", "--phys-layers", "2", "--align", "32")]
    [InlineData("llama-8b", "--layers", "--layers", "0")]
    [InlineData("llama-8b", "--locality", "--locality", "some")]
    [InlineData("llama-8b", "4096", "--layers", "100000")]
    [InlineData("llama-8b", "8192 tensors", "--layers", "4000")]
    [InlineData("llama-405b", "on disk", "--layers", "800")] // 1.5 TB
    public async Task Synth_OfWhatCannotBe_SaysWhyAndWritesNothing(string shape, string expected, params string[] options)
    {
        string folder = Directory.CreateTempSubdirectory("synth-").FullName;
        try
        {
            string vocabulary = CommandLineProcess.Model, output = Path.Combine(folder, "m.gguf");
            if (options.Contains("--vocab-without-tokens"))
            {
                vocabulary = Path.Combine(folder, "v.gguf");
                await File.WriteAllBytesAsync(vocabulary, [.. "GGUF"u8, 3, 0, 0, 0, .. new byte[16]],
                    TestContext.Current.CancellationToken);
                options = [];
            }

            (int code, _, string error) = await CommandLineProcess.RunAsync(null,
                ["synth", shape, "--out", output, "--vocab", vocabulary, .. options]);
            Assert.True(code == 2, error);
            Assert.Contains(expected, error, StringComparison.Ordinal);
            Assert.False(File.Exists(output));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
