using System.Net;
using System.Text;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>An answer in one piece that is far larger than its text: memory is reserved before the work.</summary>
public sealed class LongLogProbabilitiesTests
{
    [Fact]
    public async Task Chat_Of8000TokensWith20AlternativesEach_IsAnsweredInOnePiece()
    {
        string model = Path.Combine(CommandLineProcess.Root, "..", "shared", "golden", "arch", "llama", "model.gguf");
        Assert.SkipUnless(File.Exists(model), "the reference models are not beside the project");
        await using DaemonProcess daemon = new() { Model = model, Budget = "256MiB", More = ["--context", "8192"] };
        await daemon.InitializeAsync();
        using StringContent body = new("""
            {"messages":[{"role":"user","content":"a"}],"max_tokens":8000,"ignore_eos":true,"logprobs":true,"top_logprobs":20}
            """, Encoding.UTF8, "application/json");
        CancellationToken token = TestContext.Current.CancellationToken;
        using HttpResponseMessage reply = await daemon.Client.PostAsync(new Uri(daemon.Address, "v1/chat/completions"), body, token);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        using JsonDocument answer = JsonDocument.Parse(await reply.Content.ReadAsStringAsync(token));
        JsonElement tokens = answer.RootElement.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content");
        Assert.Equal(8000, tokens.GetArrayLength());
        Assert.True(daemon.IsRunning);
    }
}
