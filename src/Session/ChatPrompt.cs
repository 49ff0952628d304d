using System.Text.Json;
using LayerStream.Templates;
using LayerStream.Templates.Runtime;
using LayerStream.Tokenization;

namespace LayerStream.Session;

/// <summary>Conversations to prompt tokens, by the model's own chat template.</summary>
public static class ChatPrompt
{
    /// <summary>Prompt text of a conversation, ending with the opening of the answer. Errors: <see cref="TemplateException"/>.</summary>
    public static RenderedPrompt Render(Tokenizer tokenizer, ChatTemplate? template, IEnumerable<(string Role, string Content)> messages) =>
        Render(tokenizer, template,
            messages.Select(m => new Dictionary<string, object?> { ["role"] = m.Role, ["content"] = m.Content }).ToList());

    /// <summary>
    /// As above, for messages in any form that <see cref="TemplateVariables.Set"/> takes, a JSON array among them;
    /// <paramref name="more"/> are further variables, such as <c>enable_thinking</c>; without <paramref name="opensAnswer"/> the text ends
    /// with the last message. <paramref name="tools"/> in such a form are what the model may call; null = none.
    /// </summary>
    public static RenderedPrompt Render(
        Tokenizer tokenizer, ChatTemplate? template, object messages, IEnumerable<KeyValuePair<string, JsonElement>>? more =
            null, bool opensAnswer = true, object? tools = null)
    {
        TemplateVariables variables = new();
        foreach ((string name, JsonElement value) in more ?? [])
        {
            variables.Set(name, value);
        }

        variables.Set("messages", messages);
        if (tools is not null)
        {
            variables.Set("tools", tools);
        }

        variables.Set("add_generation_prompt", opensAnswer);
        variables.Set("bos_token", tokenizer.BosText);
        variables.Set("eos_token", tokenizer.EosText);
        return ConversationPreparation.RenderPrompt(template, variables);
    }

    /// <summary>
    /// Ids of a rendered prompt; BOS is added if the model wants it and the text has none. Control tokens are parsed in what the
    /// template wrote; in the conversation's text only when <paramref name="parseMessages"/> is set, which lets a user close turns.
    /// </summary>
    public static int[] Encode(Tokenizer tokenizer, RenderedPrompt rendered, bool parseMessages = false)
    {
        int[] ids = tokenizer.Encode(rendered.Text, addSpecial: false, parseSpecial: true, parseMessages ? [] : rendered.MessageText);
        return WithBos(tokenizer, ids);
    }

    /// <summary>Ids with BOS in front, if the model wants it and they have none.</summary>
    public static int[] WithBos(Tokenizer tokenizer, int[] ids) =>
        tokenizer is { AddBos: true, BosId: int bos } && (ids.Length == 0 || ids[0] != bos) ? [bos, .. ids] : ids;
}
