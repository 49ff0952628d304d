using LayerStream.Fuzz;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>A short, repeatable turn of the fuzz target (tests/Fuzz runs it for as long as one likes).</summary>
public sealed class HostileModelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void DamagedModels_FromOpeningToTokens_EndInTypedErrorsOnly(int seed)
    {
        string folder = Directory.CreateTempSubdirectory("layerstream-hostile-").FullName;
        try
        {
            FuzzLoop loop = new([TinyModel.Path], folder, seed);
            for (int i = 0; i < 400; i++)
            {
                loop.Step();
            }

            Assert.True(loop.Findings.Count == 0, string.Join(Environment.NewLine,
                loop.Findings.Select(f => f.Key + File.ReadAllText(f.Value + ".txt"))));
            Assert.True(loop.Runs > 5, "no input was accepted");
            Assert.True(loop.Reached.GetValueOrDefault("open: ModelFormatException") > 50, "no input was refused");
            Assert.True(loop.Reached.GetValueOrDefault("plan: ModelFormatException") > 20, "no damaged hyper-parameter was refused");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
