using LayerStream.Templates.Values;

namespace LayerStream.Templates;

/// <summary>For templates that refuse two messages of one role in a row: neighbours become one message.</summary>
internal static class RoleAlternation
{
    private const string Separator = "\n\n";

    /// <summary>Joins neighbouring messages of the user, and neighbouring answers without calls of tools; changes the list
    /// given.</summary>
    public static void Join(ListValue messages)
    {
        var joined = new List<Value>(messages.Items.Count);
        foreach (Value message in messages.Items)
        {
            if (message is DictValue next && joined is [.., DictValue last]
                && (AreBoth(last, next, "user") || AreBoth(last, next, "assistant")))
            {
                last.Set("content", Content(last.Find("content"), next.Find("content")));
            }
            else
            {
                joined.Add(message);
            }
        }

        messages.Items.Clear();
        messages.Items.AddRange(joined);
    }

    /// <summary>An empty message of the user in front of an answer that nothing but the system precedes; changes the list given.</summary>
    public static void OpenWithUser(ListValue messages)
    {
        int first = messages.Items.FindIndex(x => x is not DictValue message || !ConversationPreparation.Is(message, "system"));
        if (first >= 0 && messages.Items[first] is DictValue opening && ConversationPreparation.Is(opening, "assistant"))
        {
            messages.Items.Insert(first, SystemMessages.User(""));
        }
    }

    private static bool AreBoth(DictValue a, DictValue b, string role) => ConversationPreparation.Is(a, role)
        && ConversationPreparation.Is(b, role) && a.Find("tool_calls") is null && b.Find("tool_calls") is null;

    private static Value Content(Value? first, Value? second)
    {
        if (first is ListValue || second is ListValue)
        {
            return new ListValue([.. Parts(first), .. Parts(second)]);
        }

        string[] texts = [ConversationPreparation.JoinedText(first), ConversationPreparation.JoinedText(second)];
        return new TextValue(string.Join(Separator, texts.Where(x => x.Length > 0)));
    }

    private static IEnumerable<Value> Parts(Value? content) => content switch
    {
        ListValue parts => parts.Items,
        TextValue { IsTrue: true } text => [SystemMessages.Part(text.Text)],
        _ => [],
    };
}
