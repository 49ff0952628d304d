using System.Text;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates;

/// <summary>Tools for models whose template knows none: they are described in the system message, calls and results of earlier turns are
/// written as text, in the form that is read back from answers.</summary>
internal static class GenericTools
{
    private const string Introduction =
        "You can call functions. To call one, write nothing but this, on lines of its own, once for each call:\n"
        + "<tool_call>\n{\"name\": \"NAME\", \"arguments\": {…}}\n</tool_call>\nThe functions, with the JSON Schema of their arguments:";

    /// <summary>Changes the messages given.</summary>
    public static void Describe(ListValue messages, ListValue tools)
    {
        StringBuilder text = new(Introduction);
        foreach (Value tool in tools.Items)
        {
            text.Append('\n').Append(Json(tool));
        }

        DictValue system;
        if (messages.Items is [DictValue first, ..] && ConversationPreparation.Is(first, "system"))
        {
            system = first;
            text.Insert(0, "\n\n").Insert(0, ConversationPreparation.JoinedText(first.Find("content")));
        }
        else
        {
            system = new DictValue();
            system.Set("role", new TextValue("system"));
            messages.Items.Insert(0, system);
        }

        system.Set("content", new TextValue(text.ToString()));
    }

    /// <summary>Calls become text of their message, results become messages of the user.</summary>
    public static void WriteOut(ListValue messages)
    {
        foreach (DictValue message in messages.Items.OfType<DictValue>())
        {
            if (ConversationPreparation.Is(message, "tool"))
            {
                message.Set("role", new TextValue("user"));
                message.Set("content", new TextValue(
                    "<tool_response>\n" + ConversationPreparation.JoinedText(message.Find("content")) + "\n</tool_response>"));
            }
            else if (message.Find("tool_calls") is ListValue { IsTrue: true } calls)
            {
                string before = ConversationPreparation.JoinedText(message.Find("content"));
                string written = string.Join('\n', calls.Items.OfType<DictValue>().Select(Call));
                message.Set("content", new TextValue(before.Length > 0 ? before + "\n" + written : written));
                message.Remove("tool_calls");
            }
        }
    }

    private static string Call(DictValue call)
    {
        DictValue function = call.Find("function") as DictValue ?? call;
        DictValue written = new();
        written.Set("name", function.Find("name") ?? TextValue.Empty);
        written.Set("arguments", function.Find("arguments") ?? new DictValue());
        return "<tool_call>\n" + Json(written) + "\n</tool_call>";
    }

    private static string Json(Value value) =>
        new JsonText(new RenderState(TemplateLimits.Default, new Scope(null), () => DateTime.UnixEpoch)).Write(value).Text;
}
