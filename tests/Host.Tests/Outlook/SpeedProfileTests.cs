using LayerStream.Planning;
using LayerStream.Session.Outlook;

namespace LayerStream.Host.Tests.Outlook;

public sealed class SpeedProfileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}", "profile.json");

    private static ModelProfile Sample => new()
    {
        Model = "a.gguf",
        FileBytes = 1000,
        Threads = 2,
        Compute = ComputeTimes.Dense(0.5),
        Rates = new ReadRates(1e9, 2e9, 4096, 1e-10),
    };

    [Fact]
    public void Write_ThenRead_GivesTheSame()
    {
        ModelProfile profile = Sample.With(new RunScore(DateTimeOffset.UnixEpoch, 1 << 20, 2, 1.6, 20));
        SpeedProfile.Write(_path, profile);
        SpeedProfile.Write(_path, Sample with { Model = "b.gguf" });
        ModelProfile read = SpeedProfile.Read(_path).Find("a.gguf", 1000, 2)!;
        Assert.Equal((profile.Compute, profile.Rates, profile.Scores[0]), (read.Compute, read.Rates, read.Scores[0]));
        Assert.Equal(0.25, read.Scores[0].Error, 9);
        Assert.Null(SpeedProfile.Read(_path).Find("a.gguf", 999, 2)); // another file under the same name
        Assert.Null(SpeedProfile.Read(_path).Find("a.gguf", 1000, 4));
        Assert.Equal(["profile.json"], Directory.GetFiles(Path.GetDirectoryName(_path)!).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("[null]")]
    [InlineData("""[{"model":"a.gguf","fileBytes":1000,"threads":2,"compute":null,"rates":null,"scores":null}]""")]
    [InlineData("""
        [{"model":"a.gguf","fileBytes":1000,"threads":2,"compute":{"outsideSeconds":-1,"beforeSeconds":0,"guessSeconds":0,
        "besideSeconds":0,"expertSeconds":0,"expertLayers":0},"rates":{"streamBytesPerSecond":1,"burstBytesPerSecond":1,
        "concurrentBytes":0,"cpuSecondsPerByte":0}}]
        """)]
    public void Read_FileThatNoRunWrote_CountsAsNone(string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        File.WriteAllText(_path, text);
        Assert.Empty(SpeedProfile.Read(_path).Models);
    }

    [Fact]
    public void Write_WithWhatTheTunerFound_KeepsItAndRefusesNonsense()
    {
        SpeedProfile.Write(_path, Sample with { Tuned = new LearntSetting(1 << 30, 6, 4) });
        Assert.Equal(new LearntSetting(1 << 30, 6, 4), SpeedProfile.Read(_path).Find("a.gguf", 1000, 2)!.Tuned);
        SpeedProfile.Write(_path, Sample with { Model = "b.gguf", Tuned = new LearntSetting(1 << 30, -6, 4) });
        Assert.Null(SpeedProfile.Read(_path).Find("b.gguf", 1000, 2));
    }

    [Fact]
    public void PathOf_Off_IsNoFile()
    {
        Assert.Null(SpeedProfile.PathOf("off"));
        Assert.Equal("/x/y", SpeedProfile.PathOf("/x/y"));
        SpeedProfile.Write(null, Sample);
    }

    [Fact]
    public void With_ManyScores_KeepsTheNewest()
    {
        ModelProfile profile = Sample;
        for (int i = 0; i < 120; i++)
        {
            profile = profile.With(new RunScore(DateTimeOffset.UnixEpoch.AddSeconds(i), 1, 1, 1, i));
        }

        Assert.Equal(50, profile.Scores.Count);
        Assert.Equal(119, profile.Scores[^1].Tokens);
        Assert.Equal(0, RunScore.UsualError(profile.Scores));
    }

    public void Dispose()
    {
        if (Directory.Exists(Path.GetDirectoryName(_path)))
        {
            Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
        }
    }
}
