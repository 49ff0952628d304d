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
        return new TemplateCapabilities(
            SystemRole: Has(system, First),
            SeveralSystems: Has(several, First) && Has(several, Second),
            LaterSystem: Has(later, First) && Has(later, Second),
            TextContent: Has(text, First),
            ContentParts: Has(list, First) && Has(list, Second) && !Has(list, "'text':") && !Has(list, "\"text\":"),
            Harmony: Has(template.Source, "<|channel|>"));
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
