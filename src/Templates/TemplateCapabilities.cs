using LayerStream.Templates.Runtime;

namespace LayerStream.Templates;

/// <summary>What kinds of messages a template can render.</summary>
/// <param name="SystemRole">A system message is rendered (Gemma 2 refuses it).</param>
/// <param name="SeveralSystems">Two system messages at the beginning are both rendered.</param>
/// <param name="LaterSystem">A system message after others is rendered.</param>
/// <param name="TextContent">Content given as a text is rendered.</param>
/// <param name="ContentParts">Content given as a list of parts is rendered as its texts.</param>
/// <param name="Harmony">The template writes the harmony format (gpt-oss), which knows the developer role.</param>
public sealed record TemplateCapabilities(bool SystemRole, bool SeveralSystems, bool LaterSystem, bool TextContent, bool ContentParts,
    bool Harmony)
{
    private const string First = "needle-one", Second = "needle-two";

    // As OpenAI's, and as Mistral's templates want them.
    private const string LongId = "call_0123456789abcdefghijklmn", ShortId = "abcDEF123";

    /// <summary>Two messages of the user in a row are both rendered (Mistral and Gemma 2 refuse them).</summary>
    public bool RepeatedRoles { get; init; } = true;

    /// <summary>A conversation may begin with an answer, as a greeting (Mistral and Gemma 2 refuse that).</summary>
    public bool AnswerFirst { get; init; } = true;

    /// <summary>A system message without any message of the user is rendered (Mistral Nemo drops it).</summary>
    public bool SystemAlone { get; init; } = true;

    /// <summary>Several calls of tools in one message are all rendered (Llama 3 refuses them, harmony drops all but one).</summary>
    public bool SeveralCalls { get; init; } = true;

    /// <summary>Calls of tools may have ids of any form (Mistral wants nine letters and digits).</summary>
    public bool AnyCallId { get; init; } = true;

    internal static TemplateCapabilities Probe(ChatTemplate template)
    {
        var parts = new[] { Part(First), Part(Second) };
        string? system = TryRender(template, Message("system", First), Message("user", Second));
        string? text = TryRender(template, Message("user", First));
        string? list = TryRender(template, Message("user", parts));
        string? several = TryRender(template, Message("system", First), Message("system", Second), Message("user", "question"));
        string? later = TryRender(
            template, Message("system", First), Message("user", "question"), Message("assistant", "answer"), Message("system", Second),
                Message("user", "more"));
        string? call = TryRender(template, WithCalls(ShortId, First));
        return new TemplateCapabilities(
            SystemRole: Has(system, First),
            SeveralSystems: Has(several, First) && Has(several, Second),
            LaterSystem: Has(later, First) && Has(later, Second),
            TextContent: Has(text, First),
            ContentParts: Has(list, First) && Has(list, Second) && !Has(list, "'text':") && !Has(list, "\"text\":"),
            Harmony: Has(template.Source, "<|channel|>"))
        {
            RepeatedRoles = IsEither(TryRender(template, Message("user", Second), Message("user", First)), text),
            AnswerFirst = IsEither(TryRender(template, Message("assistant", Second), Message("user", First)), text),
            SystemAlone = IsEither(TryRender(template, Message("system", First)), system),
            SeveralCalls = IsEither(TryRender(template, WithCalls(ShortId, Second, First)), call),
            AnyCallId = IsEither(TryRender(template, WithCalls(LongId, First)), call),
        };
    }

    // Whether the harder conversation is rendered; where the easier one fails too, the rule is not what it fails for.
    private static bool IsEither(string? harder, string? easier) => Has(harder, First) || !Has(easier, First);

    private static Dictionary<string, object?>[] WithCalls(string id, params string[] names)
    {
        object[] calls = [.. names.Select(name => new Dictionary<string, object?>
        {
            ["id"] = id,
            ["type"] = "function",
            ["function"] = new Dictionary<string, object?>
            {
                ["name"] = name,
                ["arguments"] = new Dictionary<string, object?> { ["a"] = "b" },
            },
        })];
        Dictionary<string, object?> caller = Message("assistant", ""), result = Message("tool", "result");
        caller["tool_calls"] = calls;
        result["tool_call_id"] = id;
        result["name"] = names[0];
        return [Message("user", "question"), caller, .. calls.Select(_ => result)];
    }

    private static bool Has(string? text, string part) => text is not null && text.Contains(part, StringComparison.Ordinal);

    private static Dictionary<string, object?> Part(string text) => new() { ["type"] = "text", ["text"] = text };

    private static Dictionary<string, object?> Message(string role, object content) => new() { ["role"] = role, ["content"] = content };

    private static string? TryRender(ChatTemplate template, params Dictionary<string, object?>[] messages)
    {
        var variables = new TemplateVariables { Now = new DateTime(2026, 1, 2) };
        variables.Set("messages", messages);
        variables.Set("add_generation_prompt", true);
        variables.Set("bos_token", "");
        variables.Set("eos_token", "");
        try
        {
            return template.Render(variables);
        }
        catch (TemplateException)
        {
            return null;
        }
    }
}
