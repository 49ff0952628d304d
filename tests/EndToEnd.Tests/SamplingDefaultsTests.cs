using System.Text;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>Where sampling options come from: flag, then file, then the model's own recommendation.</summary>
public sealed class SamplingDefaultsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-").FullName;

    private static string TinyModel => Path.Combine(CommandLineProcess.Root, "tests", "Golden.Tests", "data", "llama", "model.gguf");

    [Fact]
    public async Task Run_FileRecommendsGreedy_IsGreedyUnlessAFlagSaysOtherwise()
    {
        string model = WithTemperature(0);
        string greedy = await IdsAsync(TinyModel, "--temperature", "0");
        Assert.Equal(greedy, await IdsAsync(model));
        Assert.NotEqual(greedy, await IdsAsync(model, "--temperature", "50", "--top-k", "0", "--top-p", "1", "--min-p", "0",
            "--seed", "1"));
    }

    [Fact]
    public async Task Run_FileRecommendsNonsense_SaysSoAndGoesOn()
    {
        (int code, _, string error) = await RunAsync(WithTemperature(float.NaN));
        Assert.Equal(0, code);
        Assert.Contains("general.sampling.temp", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ConfigurationFile_SetsSamplersAndLists()
    {
        string greedy = await IdsAsync(TinyModel, "--temperature", "0");
        string first = greedy.Trim('[', ']').Split(',')[0];
        string config = Path.Combine(_folder, "settings.json");
        await File.WriteAllTextAsync(config,
            $$"""
            {"temperature":0,"logit-bias":["{{first}}=-inf","1=0.5"],"dry-sequence-breakers":["none"],"typical_p":0.9,"repeat-last-n":-1}
            """,
            TestContext.Current.CancellationToken);
        string banned = await IdsAsync(TinyModel, "--config", config);
        Assert.NotEqual(first, banned.Trim('[', ']').Split(',')[0]);
        await File.WriteAllTextAsync(config, """{"typical-q":1}""", TestContext.Current.CancellationToken);
        Assert.Equal(2, (await RunAsync(TinyModel, "--config", config)).Code);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Task<(int Code, string Output, string Error)> RunAsync(string model, params string[] more) =>
        CommandLineProcess.RunAsync(null, ["run", "--model", model, "--ids", "1,2,3,4", "--max-tokens", "8", "--ignore-eos",
            "--json", .. more]);

    private static async Task<string> IdsAsync(string model, params string[] more)
    {
        (int code, string output, string error) = await RunAsync(model, more);
        Assert.True(code == 0, error);
        using JsonDocument json = JsonDocument.Parse(output);
        return json.RootElement.GetProperty("ids").GetRawText().Replace(" ", "", StringComparison.Ordinal);
    }

    // Two keys in front of the others, as long together as a multiple of the alignment.
    private string WithTemperature(float temperature)
    {
        const int HeaderBytes = 24, CountOffset = 16, Alignment = 32, Text = 8, Real = 6;
        byte[] model = File.ReadAllBytes(TinyModel);
        BitConverter.GetBytes(BitConverter.ToInt64(model, CountOffset) + 2).CopyTo(model, CountOffset);
        using MemoryStream keys = new();
        Key("general.sampling.temp", Real, BitConverter.GetBytes(temperature));
        int rest = (int)(keys.Length + 8 + "test.padding".Length + 4 + 8) % Alignment;
        int padding = (Alignment - rest) % Alignment;
        Key("test.padding", Text, [.. BitConverter.GetBytes((long)padding), .. Encoding.ASCII.GetBytes(new string('x', padding))]);
        string path = Path.Combine(_folder, $"{Guid.NewGuid():N}.gguf");
        File.WriteAllBytes(path, [.. model[..HeaderBytes], .. keys.ToArray(), .. model[HeaderBytes..]]);
        return path;

        void Key(string name, int type, byte[] value)
        {
            keys.Write(BitConverter.GetBytes((long)name.Length));
            keys.Write(Encoding.ASCII.GetBytes(name));
            keys.Write(BitConverter.GetBytes(type));
            keys.Write(value);
        }
    }
}
