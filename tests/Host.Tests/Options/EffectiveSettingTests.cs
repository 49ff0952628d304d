using System.CommandLine;
using LayerStream.Host.Options;

namespace LayerStream.Host.Tests.Options;

[Collection(CapturedError.Collection)]
public sealed class EffectiveSettingTests : IDisposable
{
    private const string Variable = "LAYERSTREAM__THREADS";
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.json");

    public EffectiveSettingTests()
    {
        File.WriteAllText(_file, """{"threads": 3, "context": 512, "stop": ["a", "b"], "drain-seconds": 5, "api_key_file": "/etc/keys"}""");
        Environment.SetEnvironmentVariable(Variable, "2");
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Variable, null);
        File.Delete(_file);
    }

    [Fact]
    public void All_FlagEnvironmentAndFile_EachNamesWhereItComesFrom()
    {
        Dictionary<string, EffectiveSetting> all = Read("config", "show", "--kv-type", "f32", "--config", _file);
        Assert.Equal(("command line", null, "f32"), (all["kv-type"].Origin, all["kv-type"].Place, Assert.Single(all["kv-type"].Values)));
        Assert.Equal(("environment", Variable, "2"), (all["threads"].Origin, all["threads"].Place, Assert.Single(all["threads"].Values)));
        Assert.Equal(("file", _file, "512"), (all["context"].Origin, all["context"].Place, Assert.Single(all["context"].Values)));
        Assert.Equal(["a", "b"], all["stop"].Values);
        Assert.Equal(("file", "serve"), (all["drain-seconds"].Origin, Assert.Single(all["drain-seconds"].Verbs)));
        Assert.Equal(("default", "2"), (all["max-pass-seconds"].Origin, all["max-pass-seconds"].Fallback));
        Assert.Equal("127.0.0.1:5099", all["urls"].Fallback?.Replace("http://", "", StringComparison.Ordinal));
    }

    [Fact]
    public void All_FlagBesideEnvironment_Wins()
    {
        EffectiveSetting threads = Read("config", "show", "--threads", "7")["threads"];
        Assert.Equal(("command line", "7"), (threads.Origin, Assert.Single(threads.Values)));
    }

    [Fact]
    public void All_Options_AreThoseThatAFileMaySet()
    {
        ParseResult parse = VerbTable.CreateRoot().Parse(["config", "show"]);
        Assert.Equal(OptionNames.Of(parse).Order(), EffectiveSetting.All(parse).Select(s => s.Name).Order());
    }

    [Theory]
    [InlineData("layerstream ru", "run")]
    [InlineData("layerstream chat --kv-type ", "f32")]
    [InlineData("layerstream serve --drain", "--drain-seconds")]
    [InlineData("layerstream completion ", "fish")]
    public void Completions_OfABegunLine_NameWhatMayCome(string line, string wanted) =>
        Assert.Contains(wanted, VerbTable.CreateRoot().Parse(line).GetCompletions(line.Length).Select(c => c.Label));

    private static Dictionary<string, EffectiveSetting> Read(params string[] arguments) =>
        EffectiveSetting.All(VerbTable.CreateRoot().Parse(arguments)).ToDictionary(s => s.Name);
}
