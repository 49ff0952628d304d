using System.Text.Json;

namespace LayerStream.EndToEnd.Tests;

/// <summary>Verbs that ask a running daemon say what they say with the model loaded here.</summary>
public sealed class RemoteTests
{
    private static readonly string[] s_same = ["--temperature", "0", "--max-tokens", "8", "--json"];

    [Fact]
    public async Task Run_WithADaemon_AnswersAsOneLoadedHere()
    {
        await using DaemonProcess daemon = new() { More = ["--context", "512"] };
        await daemon.InitializeAsync();
        string address = daemon.Address.ToString();
        JsonElement remote = await AnswerAsync(null, ["run", "Say hello.", "--daemon", address, .. s_same]);
        JsonElement here = await AnswerAsync(null,
            ["run", "Say hello.", "--memory-budget", "192MiB", "--context", "512", "--profile", "off", .. s_same]);
        foreach (string figure in new[] { "text", "promptTokens", "generatedTokens", "finishReason" })
        {
            Assert.Equal(here.GetProperty(figure).ToString(), remote.GetProperty(figure).ToString());
        }

        JsonElement chat = await AnswerAsync("Say hello.\n/exit\n", ["chat", "--daemon", address, .. s_same]);
        Assert.Equal(here.GetProperty("text").GetString(), chat.GetProperty("text").GetString());
    }

    private static async Task<JsonElement> AnswerAsync(string? input, string[] arguments)
    {
        (int code, string output, string error) = await CommandLineProcess.RunAsync(input, arguments);
        Assert.True(code == 0, error);
        using JsonDocument document = JsonDocument.Parse(output);
        return document.RootElement.Clone();
    }
}
