using System.Text.Json;

namespace LayerStream.Host.Tests.Server;

/// <summary>The daemon with a template that opens a thought.</summary>
public sealed class ThinkingDaemon : ShippedDaemon
{
    private readonly string _template = Path.GetTempFileName();

    public ThinkingDaemon() => File.WriteAllText(_template, """
        {%- for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor -%}
        {%- if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif -%}
        """);

    protected override string? Template => _template;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        File.Delete(_template);
        GC.SuppressFinalize(this);
    }
}

/// <summary>Budgets of thoughts, and none, in every protocol.</summary>
[Collection(ShippedDaemon.Collection)]
public sealed class ThinkingTests(ThinkingDaemon daemon) : IClassFixture<ThinkingDaemon>
{
    private const string Asked = "\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"Why is the sky blue?\"}]";

    [Fact]
    public async Task Budget_OfAThought_ClosesItAndTheAnswerBegins()
    {
        JsonElement message = Message(await ChatAsync("\"reasoning_budget\":6,\"max_tokens\":24"));
        string thought = message.GetProperty("reasoning_content").GetString()!;
        Assert.Equal(6, daemon.Model.RequireTokenizer().Encode("\n" + thought, addSpecial: false, parseSpecial: false).Length - 1, 2d);
        Assert.DoesNotContain("think>", message.GetProperty("content").GetString(), StringComparison.Ordinal);
        JsonElement without = Message(await ChatAsync("\"max_tokens\":24"));
        Assert.StartsWith(thought, without.GetProperty("reasoning_content").GetString(), StringComparison.Ordinal);
        Assert.True(without.GetProperty("reasoning_content").GetString()!.Length > thought.Length);
        JsonElement anthropic = await daemon.PostAsync("/v1/messages",
            "{" + Asked + ",\"max_tokens\":24,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":6}}");
        Assert.Equal("thinking", anthropic.GetProperty("content")[0].GetProperty("type").GetString());
        Assert.Equal(thought, anthropic.GetProperty("content")[0].GetProperty("thinking").GetString());
    }

    [Fact]
    public async Task Effort_None_IsAnAnswerWithoutAThoughtInEveryProtocol()
    {
        JsonElement message = Message(await ChatAsync("\"reasoning_effort\":\"none\",\"max_tokens\":8"));
        Assert.False(message.TryGetProperty("reasoning_content", out _));
        string text = message.GetProperty("content").GetString()!;
        Assert.NotEmpty(text);
        JsonElement response = await daemon.PostAsync("/v1/responses",
            """{"temperature":0,"max_output_tokens":8,"reasoning":{"effort":"none"},"input":"Why is the sky blue?"}""");
        Assert.Equal(text, response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
        JsonElement ollama = await daemon.PostAsync("/api/chat", """
            {"stream":false,"think":false,"options":{"temperature":0,"num_predict":8},"messages":[{"role":"user","content":
            "Why is the sky blue?"}]}
            """);
        Assert.Equal(text, ollama.GetProperty("message").GetProperty("content").GetString());
        JsonElement anthropic = await daemon.PostAsync("/v1/messages",
            "{" + Asked + ",\"max_tokens\":8,\"thinking\":{\"type\":\"disabled\"}}");
        Assert.Equal(text, anthropic.GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Schema_BehindABoundedThought_IsMet()
    {
        JsonElement message = Message(await ChatAsync("\"reasoning_budget\":5,\"max_tokens\":40,\"guided_choice\":[\"because\",\"so\"]"));
        Assert.NotEmpty(message.GetProperty("reasoning_content").GetString()!);
        Assert.Contains(message.GetProperty("content").GetString(), (string[])["because", "so"]);
    }

    private Task<JsonElement> ChatAsync(string members) => daemon.PostAsync("/v1/chat/completions", "{" + Asked + "," + members + "}");

    private static JsonElement Message(JsonElement reply) => reply.GetProperty("choices")[0].GetProperty("message");
}
