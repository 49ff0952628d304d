using System.Diagnostics;

namespace LayerStream.Contract.Tests;

/// <summary>Clients of npm, each tried by a script of its own. They are restored by <c>npm ci</c> in the folder of the scripts; without
/// Node or without them the tests are skipped.</summary>
public sealed class NpmClientTests(ContractDaemon daemon)
{
    private static readonly string[] s_everywhere = ["chat", "stream", "tools", "structured", "error", "cancel"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("openai", "list", "responses")]
    [InlineData("anthropic", "list")]
    [InlineData("ollama", "list")]
    [InlineData("ai", "tools-responses", "tools-anthropic")]
    [InlineData("langchain", "tools-responses")]
    [InlineData("agents", "tools-chat")]
    public async Task Script_OfAClient_EveryCheckIsRight(string client, params string[] more)
    {
        string folder = Path.Combine(ContractDaemon.Root, "tests", "Contract.Tests", "npm");
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules")), "no npm clients here: run 'npm ci' in " + folder);
        ProcessStartInfo start = new("node", [$"{client}.mjs", daemon.Address.ToString().TrimEnd('/'), ContractDaemon.ModelId])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process script = Process.Start(start)!;
        using CancellationTokenRegistration stop = Token.Register(() => script.Kill(entireProcessTree: true));
        Task<string> output = script.StandardOutput.ReadToEndAsync(Token), error = script.StandardError.ReadToEndAsync(Token);
        await script.WaitForExitAsync(Token);
        string said = await output;
        Assert.True(script.ExitCode == 0, said + await error);
        string[] right = [.. said.Split('\n').Where(l => l.StartsWith("ok ", StringComparison.Ordinal)).Select(l => l[3..].Trim())];
        Assert.Empty(s_everywhere.Concat(more).Except(right));
    }
}
