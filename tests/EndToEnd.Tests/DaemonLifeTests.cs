using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>What ends a daemon, an answer or a connection, on the real program.</summary>
public sealed class DaemonLifeTests : IDisposable
{
    private const int SigHup = 1;

    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-life-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Sigterm_LongAnswers_EndAtTheDrainLimitWithWhatTheyHave()
    {
        await using DaemonProcess daemon = new() { More = ["--drain-seconds", "1"] };
        await daemon.InitializeAsync();
        using HttpResponseMessage stream = await AskAsync(daemon, stream: true, tokens: 1500);
        Task<string> rest = stream.Content.ReadAsStringAsync(Token);
        await Task.Delay(300, Token);
        Stopwatch clock = Stopwatch.StartNew();
        Assert.Equal(0, await daemon.TerminateAsync());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"ended after {clock.Elapsed}");
        string text = await rest;
        Assert.Contains("\"finish_reason\":\"length\"", text, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sighup_WithoutATerminal_GoesOnAnswering()
    {
        await using DaemonProcess daemon = new();
        await daemon.InitializeAsync();
        await daemon.SignalAsync(SigHup);
        await Task.Delay(200, Token);
        using HttpResponseMessage reply = await AskAsync(daemon, stream: false, tokens: 3);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.True(daemon.IsRunning);
    }

    [Fact]
    public async Task Stream_ModelChangedMeanwhile_SaysSoAndBreaksWithoutDone()
    {
        string model = Path.Combine(_folder, "m.gguf");
        File.Copy(CommandLineProcess.Model, model);
        await using DaemonProcess daemon = new() { Model = model };
        await daemon.InitializeAsync();
        using HttpResponseMessage stream = await AskAsync(daemon, stream: true, tokens: 1500);
        await using Stream body = await stream.Content.ReadAsStreamAsync(Token);
        byte[] buffer = new byte[4096];
        StringBuilder read = new();
        read.Append(Encoding.UTF8.GetString(buffer, 0, await body.ReadAsync(buffer, Token)));
        File.SetLastWriteTimeUtc(model, DateTime.UtcNow.AddMinutes(1));
        bool broken = false;
        try
        {
            while (await body.ReadAsync(buffer, Token) is > 0 and int count)
            {
                read.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }
        }
        catch (Exception e) when (e is HttpIOException or IOException)
        {
            broken = true;
        }

        string text = read.ToString();
        Assert.Contains("model_changed", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        Assert.True(broken, "a client cannot tell the end from success");
    }

    [Fact]
    public async Task Serve_PortTaken_FailsWithoutSayingThatItListens()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        (int code, string output, string error) = await CommandLineProcess.RunAsync(null, "serve", "--model", CommandLineProcess.Model,
            "--memory-budget", "192MiB", "--urls", $"http://127.0.0.1:{port}");
        Assert.NotEqual(0, code);
        Assert.Contains(port.ToString(System.Globalization.CultureInfo.InvariantCulture), error, StringComparison.Ordinal);
        Assert.DoesNotContain("listening", output + error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_ThatTheServerItselfRefuses_HasAJsonBody()
    {
        await using DaemonProcess daemon = new();
        await daemon.InitializeAsync();
        foreach ((string request, int status) in ((string, int)[])
            [
                ($"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: {new string('a', 40_000)}\r\n\r\n", 431),
                ($"GET /{new string('a', 20_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
                ("GET health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 405), // the form that only CONNECT may use
                ("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: b\r\n\r\n", 400),
                ("nonsense\r\n\r\n", 400),
            ])
        {
            string reply = await ExchangeAsync(daemon, request);
            Assert.StartsWith($"HTTP/1.1 {status} ", reply, StringComparison.Ordinal);
            using JsonDocument body = JsonDocument.Parse(reply[(reply.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
            Assert.True(body.RootElement.TryGetProperty("error", out JsonElement error), reply);
            Assert.False(string.IsNullOrEmpty(error.GetProperty("message").GetString()));
        }
    }

    [Fact]
    public async Task Traces_SixteenReadersThatDoNotRead_CostNobodyElseAnything()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "tmp")).FullName; // its own: other tests have traces too
        await using DaemonProcess daemon = new() { Variables = new Dictionary<string, string> { ["TMPDIR"] = folder } };
        await daemon.InitializeAsync();
        (await AskAsync(daemon, stream: false, tokens: 150)).Dispose();
        List<TcpClient> slow = [];
        byte[] request = Encoding.ASCII.GetBytes("GET /v1/layerstream/trace HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        try
        {
            for (int i = 0; i < 16; i++)
            {
                TcpClient client = new() { ReceiveBufferSize = 4096 };
                slow.Add(client);
                await client.ConnectAsync(IPAddress.Loopback, daemon.Address.Port, Token);
                await client.GetStream().WriteAsync(request, Token);
            }

            await Task.Delay(500, Token);
            Stopwatch clock = Stopwatch.StartNew();
            using HttpResponseMessage reply = await AskAsync(daemon, stream: false, tokens: 5);
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"answered after {clock.Elapsed}");
            Assert.True(daemon.ResidentBytes <= 192 << 20, $"{daemon.ResidentBytes} bytes under a budget of 192 MiB");
        }
        finally
        {
            slow.ForEach(c => c.Dispose());
        }

        Assert.DoesNotContain(Directory.GetFiles(folder, "*", SearchOption.AllDirectories),
            f => Path.GetFileName(f).Contains("trace", StringComparison.Ordinal));
        using HttpResponseMessage trace = await daemon.Client.GetAsync("v1/layerstream/trace", Token);
        Assert.NotEqual(HttpStatusCode.InternalServerError, trace.StatusCode);
    }

    private static async Task<string> ExchangeAsync(DaemonProcess daemon, string request)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, daemon.Address.Port, Token);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), Token);
        using StreamReader reader = new(client.GetStream());
        return await reader.ReadToEndAsync(Token);
    }

    private static Task<HttpResponseMessage> AskAsync(DaemonProcess daemon, bool stream, int tokens)
    {
        string body = $$"""
            {"messages":[{"role":"user","content":"Tell a story"}],"max_tokens":{{tokens}},"ignore_eos":true,"temperature":0,
             "stream":{{(stream ? "true" : "false")}}}
            """;
        HttpRequestMessage message = new(HttpMethod.Post, "v1/chat/completions")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        return daemon.Client.SendAsync(message,
            stream ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead, Token);
    }
}
