using LayerStream.Templates.Values;

namespace LayerStream.Templates;

/// <summary>Brings system messages to a place where a template renders them; changes the list given.</summary>
internal static class SystemMessages
{
    private const string Separator = "\n\n";

    /// <summary>All system texts before the text of the first user message, for templates without a system role.</summary>
    public static void MoveToFirstUser(ListValue messages)
    {
        var texts = messages.Items.Where(IsSystem).Select(TextOf).ToList();
        if (texts.Count == 0)
        {
            return;
        }

        messages.Items.RemoveAll(IsSystem);
        string system = string.Join(Separator, texts);
        if (messages.Items.OfType<DictValue>().FirstOrDefault(x => ConversationPreparation.Is(x, "user")) is { } user)
        {
            AddText(user, system, first: true);
        }
        else
        {
            messages.Items.Insert(0, User(system));
        }
    }

    /// <summary>The system messages at the beginning become one.</summary>
    public static void JoinLeading(ListValue messages)
    {
        int count = messages.Items.TakeWhile(IsSystem).Count();
        if (count < 2)
        {
            return;
        }

        string system = string.Join(Separator, messages.Items.Take(count).Select(TextOf));
        messages.Items.RemoveRange(1, count - 1);
        var joined = (DictValue)messages.Items[0];
        joined.Set("content", joined.Find("content") is ListValue ? new ListValue([Part(system)]) : new TextValue(system));
    }

    /// <summary>
    /// A system message after others becomes text of the user message that follows it, else of the one before it, else a user
    /// message of its own: what it says stays where it was said.
    /// </summary>
    public static void MoveLater(ListValue messages)
    {
        int leading = messages.Items.TakeWhile(IsSystem).Count();
        var kept = messages.Items.GetRange(0, leading);
        var waiting = new List<string>();
        foreach (Value message in messages.Items.Skip(leading))
        {
            if (IsSystem(message))
            {
                waiting.Add(TextOf(message));
                continue;
            }

            if (waiting.Count > 0)
            {
                Place(kept, message, string.Join(Separator, waiting));
                waiting.Clear();
            }

            kept.Add(message);
        }

        if (waiting.Count > 0)
        {
            Place(kept, null, string.Join(Separator, waiting));
        }

        messages.Items.Clear();
        messages.Items.AddRange(kept);
    }

    private static void Place(List<Value> before, Value? next, string text)
    {
        if (next is DictValue following && ConversationPreparation.Is(following, "user"))
        {
            AddText(following, text, first: true);
        }
        else if (before is [.., DictValue last] && ConversationPreparation.Is(last, "user"))
        {
            AddText(last, text, first: false);
        }
        else
        {
            before.Add(User(text));
        }
    }

    private static bool IsSystem(Value value) => value is DictValue message && ConversationPreparation.Is(message, "system");

    private static string TextOf(Value message) => ConversationPreparation.JoinedText(((DictValue)message).Find("content"));

    /// <summary>Where no message is the user's, the last of the system becomes one.</summary>
    public static void AskWithoutUser(ListValue messages)
    {
        if (!messages.Items.Exists(x => x is DictValue message && ConversationPreparation.Is(message, "user"))
            && messages.Items.FindLast(IsSystem) is DictValue last)
        {
            last.Set("role", new TextValue("user"));
        }
    }

    /// <summary>A message of the user.</summary>
    internal static DictValue User(string text)
    {
        var user = new DictValue();
        user.Set("role", new TextValue("user"));
        user.Set("content", new TextValue(text));
        return user;
    }

    /// <summary>A part of content that is text.</summary>
    internal static DictValue Part(string text)
    {
        var part = new DictValue();
        part.Set("type", new TextValue("text"));
        part.Set("text", new TextValue(text));
        return part;
    }

    private static void AddText(DictValue user, string text, bool first)
    {
        if (user.Find("content") is ListValue parts)
        {
            parts.Items.Insert(first ? 0 : parts.Items.Count, Part(first ? text + Separator : Separator + text));
            return;
        }

        string own = ConversationPreparation.JoinedText(user.Find("content"));
        user.Set("content", new TextValue(first ? text + Separator + own : own + Separator + text));
    }
}
