using System.Net;
using System.Text;

namespace LayerStream.EndToEnd.Tests;

/// <summary>A chat template that cannot be read locks nothing but chat.</summary>
public sealed class BrokenTemplateTests : IDisposable
{
    private const int HeadBytes = 4 << 20;
    private readonly string _model = Path.Combine(Path.GetTempPath(), $"layerstream-{Guid.NewGuid():N}.gguf");

    public BrokenTemplateTests()
    {
        File.Copy(CommandLineProcess.Model, _model);
        using FileStream file = new(_model, FileMode.Open, FileAccess.ReadWrite);
        byte[] head = new byte[HeadBytes];
        file.ReadExactly(head);
        int at = head.AsSpan().IndexOf("{% endfor %}"u8);
        Assert.True(at > 0);
        file.Position = at;
        file.Write("{% endfro %}"u8);
    }

    public void Dispose() => File.Delete(_model);

    [Fact]
    public async Task Serve_TemplateOfTheModelsCannotBeRead_StartsAndRefusesChatByName()
    {
        await using DaemonProcess daemon = new() { Model = _model };
        await daemon.InitializeAsync();
        using StringContent body =
            new("{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_tokens\":2}", Encoding.UTF8, "application/json");
        using HttpResponseMessage reply = await daemon.Client.PostAsync("v1/chat/completions", body, Token);
        string text = await reply.Content.ReadAsStringAsync(Token);
        Assert.Equal(HttpStatusCode.NotImplemented, reply.StatusCode);
        Assert.Contains("template_unreadable", text, StringComparison.Ordinal);
        Assert.Contains("--chat-template", text, StringComparison.Ordinal);
        using HttpResponseMessage models = await daemon.Client.GetAsync("v1/models", Token);
        Assert.Equal(HttpStatusCode.OK, models.StatusCode);
    }

    [Fact]
    public async Task Run_TemplateOfTheModelsCannotBeRead_ChatsWithAnotherAndContinuesRawText()
    {
        string[] arguments = ["run", "Hi", "--model", _model, "--max-tokens", "2", "--context", "64"];
        (int code, _, string error) = await CommandLineProcess.RunAsync(null, arguments);
        Assert.Equal(1, code);
        Assert.Contains("--chat-template", error, StringComparison.Ordinal);
        foreach (string[] more in new string[][] { ["--raw"], ["--chat-template", "chatml"] })
        {
            (code, _, error) = await CommandLineProcess.RunAsync(null, [.. arguments, .. more]);
            Assert.True(code == 0, error);
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
