using System.Net;
using System.Text;
using System.Text.Json;
using LayerStream.Host.Remote;
using LayerStream.Sampling;
using LayerStream.Session;

namespace LayerStream.Host.Tests.Remote;

[Collection(CapturedError.Collection)]
public sealed class RemoteModelTests : IDisposable
{
    private const string Stream = """
        : ping

        data: {"model":"m","choices":[],"prompt_progress":{"total":9,"processed":4}}

        data: {"model":"m","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"hm"},"finish_reason":null}]}

        data: {"model":"m","choices":[{"index":0,"delta":{"content":"Ja, "},"finish_reason":null}]}

        data: {"model":"m","choices":[{"index":0,"delta":{"content":"Köln"},"finish_reason":null}]}

        data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

        data: {"timings":{"cache_n":2,"prompt_ms":1500,"predicted_ms":500,"draft_n":4,"draft_n_accepted":3,"passes":6,"rows_per_pass":1.5}}

        data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}


        """;

    private readonly HttpListener _listener = new();
    private readonly string _address;
    private string _asked = "";
    private string? _key;

    public RemoteModelTests()
    {
        using System.Net.Sockets.TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        _address = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
        free.Stop();
        _listener.Prefixes.Add(_address);
        _listener.Start();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _listener.Close();

    [Fact]
    public async Task Ask_WholeStream_GivesTextThoughtAndFigures()
    {
        Task served = ServeAsync(200, Stream + "data: [DONE]\n\n");
        List<string> shown = [];
        RemoteReply reply = await AskAsync(piece => shown.Add(piece.Choices is [{ Delta.Content: { } text }, ..] ? text : ""));
        await served;
        Assert.Equal(("Ja, Köln", "hm", "stop", "m"),
            (reply.Report.Text, reply.Report.Reasoning, reply.Report.FinishReason, reply.Report.Model));
        Assert.Equal((9, 3, 1.5, 0.5), (reply.Report.PromptTokens, reply.Report.GeneratedTokens, reply.Report.PromptSeconds,
            reply.Report.DecodeSeconds));
        Assert.Equal((6L, 2L, 4L, 3L), (reply.Report.Sweep!.Passes, reply.Report.Sweep.CachedTokens, reply.Report.Sweep.DraftedTokens,
            reply.Report.Sweep.AcceptedTokens));
        Assert.Contains("Köln", shown);
        using JsonDocument asked = JsonDocument.Parse(_asked);
        Assert.Equal(["model", "messages", "stream", "stream_options", "max_tokens", "temperature", "seed"],
            asked.RootElement.EnumerateObject().Select(m => m.Name));
    }

    [Fact]
    public async Task Ask_StreamWithoutItsEnd_IsAFailureAndNoAnswer()
    {
        Task served = ServeAsync(200, Stream);
        RemoteException failure = await Assert.ThrowsAsync<RemoteException>(() => AskAsync(null));
        await served;
        Assert.Contains("broke the answer off", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_ErrorWithinTheStream_IsSaid()
    {
        Task served = ServeAsync(200, Stream + "data: {\"error\":{\"message\":\"the disk is gone\"}}\n\n");
        RemoteException failure = await Assert.ThrowsAsync<RemoteException>(() => AskAsync(null));
        await served;
        Assert.Contains("the disk is gone", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, """{"error":{"message":"no key"}}""", "--key-file")]
    [InlineData(400, """{"error":{"message":"'top_k' must be whole"}}""", "'top_k' must be whole")]
    [InlineData(502, "<html>", "502")]
    public async Task Ask_Refused_SaysWhatTheDaemonSaid(int status, string body, string wanted)
    {
        Task served = ServeAsync(status, body);
        RemoteException failure = await Assert.ThrowsAsync<RemoteException>(() => AskAsync(null));
        await served;
        Assert.Contains(wanted, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_KeyFile_IsSentAsBearer()
    {
        string file = Path.Combine(Path.GetTempPath(), $"layerstream-key-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(file, "secret\nother\n", Token);
        try
        {
            Task served = ServeAsync(200, "data: [DONE]\n\n");
            using RemoteModel model = RemoteModel.At(_address, file);
            await model.AskAsync(Request(), null, Token);
            await served;
            Assert.Equal("Bearer secret", _key);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Ask_NobodyListens_IsSaid()
    {
        _listener.Close();
        RemoteException failure = await Assert.ThrowsAsync<RemoteException>(() => AskAsync(null));
        Assert.Contains("does not answer", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:5099")]
    [InlineData("file:///etc")]
    public void At_NoAddress_IsRefused(string url) => Assert.Throws<UsageException>(() => RemoteModel.At(url, null));

    [Theory]
    [InlineData("--threads", "run", "x", "--daemon", "http://127.0.0.1:1", "--threads", "2")]
    [InlineData("--trace", "run", "x", "--daemon", "http://127.0.0.1:1", "--trace", "t")]
    [InlineData("--chat-template", "chat", "--daemon", "http://127.0.0.1:1", "--chat-template", "chatml")]
    public async Task Run_FlagThatADaemonDecides_IsRefused(string flag, params string[] arguments)
    {
        (int code, string error) = await CapturedError.RunAsync(arguments);
        Assert.Equal(2, code);
        Assert.Contains(flag, error, StringComparison.Ordinal);
    }

    private static RemoteRequest Request() => new RemoteRequest { Messages = [new ChatMessage("user", "Hi")], MaxTokens = 5 }
        .With(new SamplingOptions { Temperature = 0, Seed = 7 }, new SamplingOptions());

    private async Task<RemoteReply> AskAsync(Action<RemotePiece>? show)
    {
        using RemoteModel model = RemoteModel.At(_address, null);
        return await model.AskAsync(Request(), show, Token);
    }

    private async Task ServeAsync(int status, string body)
    {
        HttpListenerContext http = await _listener.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(60), Token);
        using StreamReader reader = new(http.Request.InputStream);
        _asked = await reader.ReadToEndAsync(Token);
        _key = http.Request.Headers["Authorization"];
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/event-stream";
        await http.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body.ReplaceLineEndings("\n")), Token);
        http.Response.Close();
    }
}
