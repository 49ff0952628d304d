using System.Net;
using System.Text.Json;
using LayerStream.Host.Server;
using LayerStream.Host.Server.Endpoints;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;
using LayerStream.Host.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Hosting;

namespace LayerStream.Host.Tests.Server;

/// <summary>Paths, methods, names and origins, in process, while the model loads.</summary>
public sealed class PipelineTests : IAsyncLifetime
{
    private const string Page = "http://localhost:3000";
    private const string ProxyName = "llm.example";
    private readonly Admission _admission = new(8);
    private readonly string _keyFile = Path.GetTempFileName();
    private IHost? _host;
    private DaemonMetrics? _metrics;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_keyFile, "secret\n", Token);
        _metrics = new DaemonMetrics(() => 0, () => null);
        AllowedOrigins origins = new([Page]);
        RequestGuard guard = new(ApiKeys.Load(_keyFile), ListenAddress.ParseAll("http://127.0.0.1:5099"), origins, [ProxyName]);
        RequestPipeline pipeline = new(new ServerState("Tiny", _admission, _metrics), guard, origins);
        _host = new HostBuilder().ConfigureWebHost(web => web.UseTestServer().Configure(app => app.Run(pipeline.HandleAsync))).Build();
        await _host.StartAsync(Token);
    }

    public ValueTask DisposeAsync()
    {
        _host?.Dispose();
        _metrics?.Dispose();
        _admission.Dispose();
        File.Delete(_keyFile);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("GET", "/health/live", 200)]
    [InlineData("HEAD", "/health/live", 200)]
    [InlineData("GET", "/health", 503)]
    [InlineData("GET", "/v1/models", 200)]
    [InlineData("GET", "/v1/models/", 200)]
    [InlineData("GET", "//v1/models", 200)]
    [InlineData("GET", "/v1/models/tiny:latest", 200)]
    [InlineData("GET", "/v1/models/some/TINY", 200)]
    [InlineData("GET", "/v1/models/other", 404)]
    [InlineData("HEAD", "/", 200)]
    [InlineData("OPTIONS", "/v1/models", 204)]
    [InlineData("GET", "/v1/chat/completions", 405)]
    [InlineData("POST", "/v1/chat/completions", 503)]
    [InlineData("GET", "/nothing", 404)]
    public async Task Request_AnyMethodAndPath_HasItsStatus(string method, string path, int status)
    {
        using HttpResponseMessage reply = await SendAsync(method, path, ("Authorization", "Bearer secret"));
        Assert.Equal(status, (int)reply.StatusCode);
        Assert.Equal("nosniff", reply.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task Request_PathWithoutV1_NamesThePathWithIt()
    {
        using HttpResponseMessage reply = await SendAsync("POST", "/chat/completions", ("x-api-key", "secret"));
        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
        Assert.Contains("/v1/chat/completions", await ErrorAsync(reply), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/models/other", "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",")]
    [InlineData("/api/nothing", "{\"error\":\"")]
    public async Task Refusal_OfAClientOfTheMessagesApi_HasItsFormWhereItAsks(string path, string error)
    {
        using HttpResponseMessage reply = await SendAsync("GET", path, ("x-api-key", "secret"), ("anthropic-version", "2023-06-01"));
        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
        Assert.StartsWith(error, await reply.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("localhost:18080", 200)]
    [InlineData("127.0.0.1:18080", 200)]
    [InlineData("[::1]:1", 200)]
    [InlineData("localhost.", 200)]
    [InlineData("llm.localhost", 200)]
    [InlineData(ProxyName, 200)]
    [InlineData(ProxyName + ":8080", 200)]
    [InlineData("evil.example", 403)]
    [InlineData("localhost.evil.example", 403)]
    [InlineData("192.168.1.5", 403)]
    public async Task Request_AnyHostName_IsKnownOrRefused(string name, int status)
    {
        using HttpResponseMessage reply = await SendAsync("GET", "/health/live", ("Host", name));
        Assert.Equal(status, (int)reply.StatusCode);
    }

    [Theory]
    [InlineData("Authorization", "Bearer secret", 200)]
    [InlineData("x-api-key", "secret", 200)]
    [InlineData("api-key", "secret", 200)]
    [InlineData("x-api-key", "guess", 401)]
    [InlineData("Authorization", "Bearer ", 401)]
    [InlineData("X-Nothing", "secret", 401)]
    public async Task Request_AnyKeyHeader_OpensOrNot(string header, string value, int status)
    {
        using HttpResponseMessage reply = await SendAsync("GET", "/v1/models", (header, value));
        Assert.Equal(status, (int)reply.StatusCode);
    }

    [Fact]
    public async Task Request_WithoutKey_IsRefusedOnEveryRouteThatIsNotPublic()
    {
        Assert.Equal(["/", "/page/", "/openapi.json", "/health", "/health/ready", "/health/live", "/api/version"],
            EndpointTable.Rows.Where(r => r.IsPublic).Select(r => r.Path));
        foreach (Endpoint row in EndpointTable.Rows.Where(r => !r.IsPublic))
        {
            foreach (string path in (string[])[row.Path, "/" + row.Path, row.Path + "/"])
            {
                using HttpResponseMessage reply = await SendAsync(row.Method, path);
                Assert.True(reply.StatusCode == HttpStatusCode.Unauthorized, $"{row.Method} {path}: {reply.StatusCode}");
            }
        }
    }

    [Fact]
    public async Task Preflight_OfANamedOrigin_IsAnsweredAndOfAnotherRefused()
    {
        (string, string)[] asked =
            [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type,authorization")];
        using HttpResponseMessage known = await SendAsync("OPTIONS", "/v1/chat/completions", [("Origin", Page), .. asked]);
        Assert.Equal(HttpStatusCode.NoContent, known.StatusCode);
        Assert.Equal(Page, known.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("content-type,authorization", known.Headers.GetValues("Access-Control-Allow-Headers").Single());
        using HttpResponseMessage other =
            await SendAsync("OPTIONS", "/v1/chat/completions", [("Origin", "http://localhost:3001"), .. asked]);
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        Assert.False(other.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Error_OfANamedOrigin_CanBeReadByItsPage()
    {
        using HttpResponseMessage reply = await SendAsync("GET", "/nothing", ("Origin", Page), ("Authorization", "Bearer "
            + "secret"), ("Sec-Fetch-Site", "cross-site"));
        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
        Assert.Equal(Page, reply.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Fact]
    public async Task Health_WhileDraining_SaysSo()
    {
        _admission.Drain();
        using HttpResponseMessage reply = await SendAsync("GET", "/health");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.StatusCode);
        Assert.Contains("draining", await reply.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private async Task<HttpResponseMessage> SendAsync(string method, string path, params (string Name, string Value)[] headers)
    {
        using HttpClient client = _host!.GetTestClient();
        using HttpRequestMessage request = new(new HttpMethod(method), "http://localhost:5099" + path);
        request.Content = method == "POST" ? new StringContent("{}", System.Text.Encoding.UTF8, "application/json") : null;
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await client.SendAsync(request, Token);
    }

    private static async Task<string> ErrorAsync(HttpResponseMessage reply)
    {
        using JsonDocument body = JsonDocument.Parse(await reply.Content.ReadAsStringAsync(Token));
        return body.RootElement.GetProperty("error").GetProperty("message").GetString()!;
    }
}
