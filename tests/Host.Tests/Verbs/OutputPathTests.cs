using System.Diagnostics;
using LayerStream.Host.Verbs;

namespace LayerStream.Host.Tests.Verbs;

/// <summary>A file that cannot be written is told before the model is so much as looked for.</summary>
[Collection(CapturedError.Collection)]
public sealed class OutputPathTests
{
    private const string Output = "/no/such/folder/output";

    [Theory]
    [InlineData("run", "a", "--trace", Output)]
    [InlineData("run", "a", "--routes", Output)]
    [InlineData("logits", "--ids", "1", "--out", Output)]
    public async Task Verb_OutputThatCannotBeWritten_IsRefusedBeforeTheModelIsOpened(params string[] arguments)
    {
        (int code, string error) = await CapturedError.RunAsync([.. arguments, "--model", "/no/such/model.gguf"]);
        Assert.Equal(Failures.Failed, code);
        Assert.Contains(Output, error, StringComparison.Ordinal);
        Assert.DoesNotContain("model.gguf", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Perplexity_TextThatIsNotThere_IsRefusedBeforeTheModelIsOpened()
    {
        (int code, string error) = await CapturedError.RunAsync("perplexity", "--file", "/no/such/text", "--model", "/no/such/model.gguf");
        Assert.Equal(Failures.Failed, code);
        Assert.Contains("/no/such/text", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ModelThatIsNotThere_LeavesNoEmptyOutput()
    {
        string output = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}");
        (int code, string error) = await CapturedError.RunAsync("run", "a", "--trace", output, "--model", "/no/such/model.gguf");
        Assert.Equal(Failures.Failed, code);
        Assert.Contains("model.gguf", error, StringComparison.Ordinal);
        Assert.False(File.Exists(output));
    }

    [Theory]
    [InlineData("run", "a", "--trace", "FOLDER")]
    [InlineData("logits", "--ids", "1", "--out", "FOLDER")]
    [InlineData("tune", "--svg", "FOLDER")]
    [InlineData("verify", "/no/such/model.gguf", "--sums", "FOLDER")]
    [InlineData("verify", "/no/such/model.gguf", "--sums", "FOLDER/none/sums.json")]
    [InlineData("run", "a", "--state-dir", "FILE")]
    [InlineData("synth", "llama-1b", "--vocab", "/no/such/model.gguf", "--out", "FOLDER")]
    public async Task Verb_OutputThatIsAFolderOrHasNone_IsRefusedInTheseWords(params string[] arguments)
    {
        string folder = Path.GetDirectoryName(Path.GetTempPath())!, file = Path.GetTempFileName();
        string[] given = [.. arguments.Select(a => a.Replace("FOLDER", folder, StringComparison.Ordinal)
            .Replace("FILE", file, StringComparison.Ordinal))];
        try
        {
            (int code, string error) = await CapturedError.RunAsync(
                given[0] is "verify" or "synth" ? given : [.. given, "--model", "/no/such/model.gguf"]);
            Assert.Equal(Failures.Usage, code);
            Assert.Contains("folder", error, StringComparison.Ordinal);
            Assert.DoesNotContain("model.gguf", error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>A second name of the input is refused like its first one, and nothing of it is lost.</summary>
    [Theory]
    [InlineData("batch", "IN", "LINK")]
    [InlineData("score", "IN", "--out", "LINK")]
    public async Task Verb_OutputThatIsAHardLinkOfTheInput_IsRefusedAndTheInputIsWhole(params string[] arguments)
    {
        string input = Path.GetTempFileName(), link = input + ".link";
        try
        {
            await File.WriteAllTextAsync(input, "{}", TestContext.Current.CancellationToken);
            using (Process process = Process.Start("ln", [input, link]))
            {
                await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            Assert.True(File.Exists(link));
            (int code, string error) = await CapturedError.RunAsync([.. arguments.Select(a => a switch
            {
                "IN" => input,
                "LINK" => link,
                _ => a,
            }), "--model", "/no/such/model.gguf"]);
            Assert.Equal(Failures.Usage, code);
            Assert.DoesNotContain("model.gguf", error, StringComparison.Ordinal);
            Assert.Equal("{}", await File.ReadAllTextAsync(input, TestContext.Current.CancellationToken));
        }
        finally
        {
            File.Delete(link);
            File.Delete(input);
        }
    }

    /// <summary>One wrong name must not cost what was downloaded or measured.</summary>
    [Theory]
    [InlineData("run", "a", "--trace", "MODEL", "--model", "/no/such/model.gguf")]
    [InlineData("run", "a", "--routes", "MODEL", "--model", "/no/such/model.gguf")]
    [InlineData("run", "a", "--profile", "MODEL", "--model", "/no/such/model.gguf")]
    [InlineData("run", "--ids", "@IDS", "--trace", "IDS", "--model", "/no/such/model.gguf")]
    [InlineData("run", "a", "--trace", "OTHER", "--routes", "OTHER", "--model", "/no/such/model.gguf")]
    [InlineData("logits", "--ids", "1", "--out", "MODEL", "--model", "/no/such/model.gguf")]
    [InlineData("logits", "--ids", "@IDS", "--out", "IDS", "--model", "/no/such/model.gguf")]
    [InlineData("score", "IDS", "--out", "IDS", "--model", "/no/such/model.gguf")]
    [InlineData("score", "IDS", "--out", "MODEL", "--model", "/no/such/model.gguf")]
    [InlineData("batch", "IDS", "MODEL", "--model", "/no/such/model.gguf")]
    [InlineData("verify", "/no/such/model.gguf", "--sums", "MODEL", "--record")]
    public async Task Verb_OutputThatIsAModelOrItsInput_IsRefusedAndLeft(params string[] arguments)
    {
        string folder = Directory.CreateTempSubdirectory("layerstream-").FullName;
        try
        {
            Dictionary<string, string> files = new() { ["MODEL"] = "GGUF and more", ["IDS"] = "1,2" };
            foreach ((string name, string text) in files)
            {
                File.WriteAllText(Path.Combine(folder, name), text);
            }

            string[] names = [.. files.Keys, "OTHER"];
            (int code, string error) = await CapturedError.RunAsync([.. arguments.Select(a => names.Contains(a.TrimStart('@'))
                ? (a[0] == '@' ? "@" : "") + Path.Combine(folder, a.TrimStart('@')) : a)]);
            Assert.Equal(Failures.Usage, code);
            Assert.Contains(folder, error, StringComparison.Ordinal);
            Assert.All(files, f => Assert.Equal(f.Value, File.ReadAllText(Path.Combine(folder, f.Key))));
            Assert.False(File.Exists(Path.Combine(folder, "OTHER")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
