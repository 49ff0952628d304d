using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>Files as a user meets them: verify, and a daemon whose file is changed in place.</summary>
public sealed class FileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-verify-").FullName;
    private readonly string _model;

    public FileTests()
    {
        _model = Path.Combine(_folder, "model.gguf");
        File.Copy(Path.Combine(CommandLineProcess.Root, "tests", "Golden.Tests", "data", "llama", "model.gguf"), _model);
        File.SetLastWriteTimeUtc(_model, DateTime.UtcNow.AddHours(-1));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<(int Code, JsonElement Json, string Error)> VerifyAsync(params string[] arguments)
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, ["verify", .. arguments, "--json"]);
        return (code, output.Length == 0 ? default : JsonDocument.Parse(output).RootElement, error);
    }

    [Fact]
    public async Task Verify_TimeAfterTime_RecordsThenMatchesThenNamesTheTensorThatDiffers()
    {
        (int code, JsonElement first, string error) = await VerifyAsync(_model, "--memory-budget", "128MiB");
        Assert.True(code == 0, error);
        Assert.True(first.GetProperty("recorded").GetBoolean());
        Assert.Equal(_model + ".layerstream-sums.json", first.GetProperty("sums").GetString());
        Assert.Equal(30, first.GetProperty("tensors").GetInt32());
        Assert.True(first.GetProperty("peakMemoryBytes").GetInt64() <= 128 << 20);
        (code, JsonElement second, error) = await VerifyAsync(_model);
        Assert.True(code == 0, error);
        Assert.False(second.GetProperty("recorded").GetBoolean());

        const int offset = 161792; // blk.0.ffn_gate.weight of the fixture
        using (FileStream stream = new(_model, FileMode.Open, FileAccess.ReadWrite))
        {
            stream.Position = offset + 101;
            stream.Write([0xFF, 0x7F]); // bytes of two F16 elements; 0x7Fxx is not a number
        }

        (code, JsonElement third, _) = await VerifyAsync(_model);
        Assert.Equal(1, code);
        JsonElement difference = Assert.Single(third.GetProperty("differences").EnumerateArray());
        Assert.Equal("blk.0.ffn_gate.weight", difference.GetProperty("tensor").GetString());
        Assert.Equal(offset, difference.GetProperty("offset").GetInt64());
        Assert.Equal(_model, difference.GetProperty("file").GetString());
        JsonElement warning = Assert.Single(third.GetProperty("warnings").EnumerateArray());
        Assert.Equal("blk.0.ffn_gate.weight", warning.GetProperty("tensor").GetString());
    }

    [Fact]
    public async Task Verify_FolderThatCannotBeWritten_UsesTheCacheFolder()
    {
        // a folder in the way stands for one that is read-only: root may write anywhere
        Directory.CreateDirectory(_model + ".layerstream-sums.json");
        string? before = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Path.Combine(_folder, "cache"));
        try
        {
            (int code, JsonElement first, string error) = await VerifyAsync(_model);
            Assert.True(code == 0, error);
            Assert.StartsWith(Path.Combine(_folder, "cache", "layerstream"), first.GetProperty("sums").GetString(),
                StringComparison.Ordinal);
            (code, JsonElement second, error) = await VerifyAsync(_model);
            Assert.True(code == 0, error);
            Assert.Equal(first.GetProperty("sums").GetString(), second.GetProperty("sums").GetString());
            Assert.False(second.GetProperty("recorded").GetBoolean());
        }
        finally
        {
            Environment.SetEnvironmentVariable("XDG_CACHE_HOME", before);
        }
    }

    [Fact]
    public async Task Verify_PublishedDigestDiffers_RecordsNothing()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "SHA256SUMS"), $"{new string('0', 64)}  model.gguf\n",
            TestContext.Current.CancellationToken);
        (int code, JsonElement json, _) = await VerifyAsync(_model, "--sums", Path.Combine(_folder, "s.json"));
        Assert.Equal(1, code);
        Assert.Contains("SHA-256", Assert.Single(json.GetProperty("differences").EnumerateArray()).GetProperty("problem").GetString(),
            StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "s.json")));
    }

    [Fact]
    public async Task Daemon_FileReplacedThenChangedInPlace_ServesThenSaysWhyNot()
    {
        await using DaemonProcess daemon = new() { Model = _model };
        await daemon.InitializeAsync();
        const string Body = """{"messages":[{"role":"user","content":"a"}],"max_tokens":3,"temperature":0,"ignore_eos":true}""";
        async Task<(HttpStatusCode Status, string Text)> AskAsync()
        {
            using HttpResponseMessage reply = await daemon.Client.PostAsync("v1/chat/completions",
                new StringContent(Body, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
            return (reply.StatusCode, await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        (HttpStatusCode status, string text) = await AskAsync();
        Assert.True(status == HttpStatusCode.OK, text);

        string kept = Path.Combine(_folder, "kept");
        using (Process link = Process.Start("ln", [_model, kept])) // the way back to the file once another has its name
        {
            await link.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        string other = Path.Combine(_folder, "other");
        await File.WriteAllTextAsync(other, "something else", TestContext.Current.CancellationToken);
        File.Move(other, _model, overwrite: true);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync()).Status);
        using (HttpResponseMessage ready = await daemon.Client.GetAsync("health/ready", TestContext.Current.CancellationToken))
        {
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        }

        using (FileStream stream = new(kept, FileMode.Open, FileAccess.Write))
        {
            stream.SetLength(1000);
        }

        (status, text) = await AskAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("model_changed", text, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder, text, StringComparison.Ordinal);
        using HttpResponseMessage unready = await daemon.Client.GetAsync("health/ready", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unready.StatusCode);
        Assert.Contains("now has 1000", await unready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        using HttpResponseMessage live = await daemon.Client.GetAsync("health/live", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }
}
