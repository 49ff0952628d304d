using System.Text.Json;
using LayerStream.Templates.Answers;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates;

/// <summary>
/// Brings the messages of an OpenAI-style request into the shape real templates expect, and writes ChatML when the model
/// brings no template.
/// </summary>
public static class ConversationPreparation
{
    private static readonly string[] s_reasoningNames = ["reasoning_content", "thinking", "reasoning"];

    private static readonly string[] s_absentNames = ["tool_calls", "tool_call_id", "name", "function_call", "refusal", "audio",
        .. s_reasoningNames];

    private static readonly AnswerFormat s_withoutTemplate = AnswerFormat.For(null);

    /// <summary>
    /// Prepares the messages and renders them; ChatML when <paramref name="template"/> is null.
    /// Errors: <see cref="TemplateException"/>.
    /// </summary>
    public static string Render(ChatTemplate? template, TemplateVariables variables) => RenderPrompt(template, variables).Text;

    /// <summary>As <see cref="Render"/>, with the account of what comes from the conversation. Errors:
    /// <see cref="TemplateException"/>.</summary>
    public static RenderedPrompt RenderPrompt(ChatTemplate? template, TemplateVariables variables)
    {
        var prepared = Prepare(template, variables);
        return template is null ? RenderChatMl(prepared) : template.RenderPrompt(prepared);
    }

    /// <summary>
    /// A copy of the variables with these changes to messages: developer → system (except harmony); a system text the
    /// template cannot take moves into the first user message; several at the beginning are joined, and a later one moves into the user
    /// message beside it, where the template would refuse or drop them; several calls of one message, ids of a foreign form, neighbours
    /// of one role and a beginning without the user are brought into the form that a template with rules for them takes;
    /// a content or calls of null are as absent;
    /// arguments given as JSON text become objects; content parts are joined (or text made a part) when the template needs it;
    /// reasoning is present under all names in use; where the template has no form for
    /// tools, they and their calls are written as text. The input is not changed.
    /// </summary>
    public static TemplateVariables Prepare(ChatTemplate? template, TemplateVariables variables)
    {
        var prepared = variables.Copy();
        if (prepared.Values.GetValueOrDefault("messages") is not ListValue messages)
        {
            return prepared;
        }

        var can = template?.Capabilities ?? new TemplateCapabilities(
            SystemRole: true, SeveralSystems: true, LaterSystem: true, TextContent: true, ContentParts: false, Harmony: false);
        foreach (var message in messages.Items.OfType<DictValue>())
        {
            PrepareRole(message, can, isFirst: ReferenceEquals(message, messages.Items[0]));
            PrepareContent(message, can);
            PrepareAbsent(message);
            if (Is(message, "assistant"))
            {
                PrepareReasoning(message);
                PrepareToolCalls(message, can);
            }
        }

        if (!(template is null ? s_withoutTemplate : AnswerFormat.For(template.Source)).HasOwnCalls)
        {
            GenericTools.WriteOut(messages);
            if (prepared.Values.GetValueOrDefault("tools") is ListValue { IsTrue: true } tools)
            {
                GenericTools.Describe(messages, tools);
                prepared.Remove("tools");
            }
        }

        ArrangeCalls(messages, can);
        ArrangeSystems(messages, can);
        ArrangeRoles(messages, can);
        return prepared;
    }

    private static void ArrangeRoles(ListValue messages, TemplateCapabilities can)
    {
        if (!can.SystemAlone)
        {
            SystemMessages.AskWithoutUser(messages);
        }

        if (!can.RepeatedRoles)
        {
            RoleAlternation.Join(messages);
        }

        if (!can.AnswerFirst)
        {
            RoleAlternation.OpenWithUser(messages);
        }
    }

    private static void ArrangeCalls(ListValue messages, TemplateCapabilities can)
    {
        if (!can.SeveralCalls)
        {
            ToolCallMessages.Split(messages);
        }

        if (!can.AnyCallId)
        {
            ToolCallMessages.ShortenIds(messages);
        }
    }

    private static void ArrangeSystems(ListValue messages, TemplateCapabilities can)
    {
        if (!can.SystemRole)
        {
            SystemMessages.MoveToFirstUser(messages);
            return;
        }

        if (!can.SeveralSystems)
        {
            SystemMessages.JoinLeading(messages);
        }

        if (!can.LaterSystem)
        {
            SystemMessages.MoveLater(messages);
        }
    }

    /// <summary>ChatML: <c>&lt;|im_start|&gt;role\ncontent&lt;|im_end|&gt;\n</c> per message, then the opening of the answer if asked
    /// for.</summary>
    public static RenderedPrompt RenderChatMl(TemplateVariables variables)
    {
        var builder = new TextBuilder();
        if (variables.Values.GetValueOrDefault("messages") is ListValue messages)
        {
            foreach (var message in messages.Items.OfType<DictValue>().Select(JsonValues.CopyAsMessage).Cast<DictValue>())
            {
                builder.Append("<|im_start|>").Append(message.Find("role") as TextValue ?? new TextValue("user")).Append("\n");
                builder.Append(JoinedText(message.Find("content")), isMessage: true).Append("<|im_end|>\n");
            }
        }

        bool opensAnswer = variables.Values.GetValueOrDefault("add_generation_prompt")?.IsTrue ?? true;
        return RenderedPrompt.From(builder.Append(opensAnswer ? "<|im_start|>assistant\n" : "").ToValue());
    }

    internal static bool Is(DictValue message, string role) => message.Find("role") is TextValue text && text.Text == role;

    // Harmony knows the developer at the beginning; later ones it would drop.
    private static void PrepareRole(DictValue message, TemplateCapabilities can, bool isFirst)
    {
        if (!(can.Harmony && isFirst) && Is(message, "developer"))
        {
            message.Set("role", new TextValue("system"));
        }
    }

    // Clients send back what they have: null stands for nothing.
    private static void PrepareAbsent(DictValue message)
    {
        if (message.Find("content") is null or NoneValue)
        {
            message.Set("content", TextValue.Empty);
        }

        foreach (string name in s_absentNames)
        {
            if (message.Find(name) is NoneValue or ListValue { IsTrue: false })
            {
                message.Remove(name);
            }
        }
    }

    private static void PrepareContent(DictValue message, TemplateCapabilities can)
    {
        var content = message.Find("content");
        if (content is ListValue && !can.ContentParts)
        {
            message.Set("content", new TextValue(JoinedText(content)));
        }
        else if (content is TextValue && !can.TextContent && can.ContentParts)
        {
            var part = new DictValue();
            part.Set("type", new TextValue("text"));
            part.Set("text", content);
            message.Set("content", new ListValue([part]));
        }
    }

    // Text parts of content, one per line; other parts are left out.
    internal static string JoinedText(Value? content) => content switch
    {
        TextValue text => text.Text,
        ListValue parts => string.Join('\n', parts.Items.Select(PartText).OfType<string>()),
        _ => "",
    };

    private static string? PartText(Value part) => part switch
    {
        TextValue text => text.Text,
        DictValue dict => (dict.Find("text") as TextValue)?.Text,
        _ => null,
    };

    private static void PrepareReasoning(DictValue message)
    {
        var reasoning = s_reasoningNames.Select(message.Find).FirstOrDefault(x => x is TextValue { IsTrue: true });
        if (reasoning is null)
        {
            return;
        }

        foreach (string name in s_reasoningNames)
        {
            if (message.Find(name) is null or NoneValue)
            {
                message.Set(name, reasoning);
            }
        }
    }

    private static void PrepareToolCalls(DictValue message, TemplateCapabilities can)
    {
        if (message.Find("tool_calls") is not ListValue { IsTrue: true } calls)
        {
            return;
        }

        bool hasReasoning = message.Find("thinking") is { IsTrue: true };
        if (can.Harmony && hasReasoning)
        {
            message.Set("content", TextValue.Empty);
        }

        foreach (var call in calls.Items.OfType<DictValue>())
        {
            var function = call.Find("function") as DictValue ?? call;
            if (function.Find("arguments") is TextValue text && TryParseObject(text.Text) is { } arguments)
            {
                function.Set("arguments", arguments);
            }
        }
    }

    private static DictValue? TryParseObject(string json)
    {
        if (string.IsNullOrWhiteSpace(json))
        {
            return new DictValue();
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return JsonValues.FromElement(document.RootElement) as DictValue;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
