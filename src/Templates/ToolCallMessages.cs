using System.Text;
using LayerStream.Templates.Values;

namespace LayerStream.Templates;

/// <summary>Brings calls of tools and their results into the shape that templates with narrow rules take; changes the list given.</summary>
internal static class ToolCallMessages
{
    /// <summary>Characters of an id that Mistral's templates take.</summary>
    private const int ShortId = 9;

    private const string IdCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>A message with several calls becomes as many messages, each followed by the results that belong to its call.</summary>
    public static void Split(ListValue messages)
    {
        var split = new List<Value>(messages.Items.Count);
        for (int i = 0; i < messages.Items.Count; i++)
        {
            if (messages.Items[i] is not DictValue message || message.Find("tool_calls") is not ListValue { Items.Count: > 1 } calls)
            {
                split.Add(messages.Items[i]);
                continue;
            }

            var results = messages.Items.Skip(i + 1).TakeWhile(IsResult).ToList();
            i += results.Count;
            for (int c = 0; c < calls.Items.Count; c++)
            {
                split.Add(WithOne(message, calls.Items[c], isFirst: c == 0));
                var own = c == calls.Items.Count - 1 ? results : ResultsOf(calls.Items[c], results);
                split.AddRange(own);
                results = [.. results.Except(own)];
            }
        }

        messages.Items.Clear();
        messages.Items.AddRange(split);
    }

    /// <summary>Ids that are no nine letters and digits become such, the same for a call and its result.</summary>
    public static void ShortenIds(ListValue messages)
    {
        foreach (var message in messages.Items.OfType<DictValue>())
        {
            Shorten(message, "tool_call_id");
            if (message.Find("tool_calls") is ListValue calls)
            {
                foreach (var call in calls.Items.OfType<DictValue>())
                {
                    Shorten(call, "id");
                }
            }
        }
    }

    private static bool IsResult(Value message) => message is DictValue dict && ConversationPreparation.Is(dict, "tool");

    // By id; without an id the first one.
    private static List<Value> ResultsOf(Value call, List<Value> results)
    {
        if (call is DictValue dict && dict.Find("id") is TextValue id)
        {
            var own = results.Where(x => ((DictValue)x).Find("tool_call_id") is TextValue answered && answered.Text == id.Text).ToList();
            if (own.Count > 0 || results.Exists(x => ((DictValue)x).Find("tool_call_id") is TextValue))
            {
                return own;
            }
        }

        return [.. results.Take(1)];
    }

    // What was said and thought stands in front of the first call.
    private static DictValue WithOne(DictValue message, Value call, bool isFirst)
    {
        var one = new DictValue();
        foreach (var (key, value) in message.Items)
        {
            if (isFirst || key is TextValue { Text: "role" })
            {
                one.Items[key] = value;
            }
        }

        if (!isFirst)
        {
            one.Set("content", TextValue.Empty);
        }

        one.Set("tool_calls", new ListValue([call]));
        return one;
    }

    private static void Shorten(DictValue target, string key)
    {
        if (target.Find(key) is TextValue id && (id.Text.Length != ShortId || !id.Text.All(char.IsAsciiLetterOrDigit)))
        {
            ulong hash = 14695981039346656037; // FNV-1a
            foreach (byte b in Encoding.UTF8.GetBytes(id.Text))
            {
                hash = (hash ^ b) * 1099511628211;
            }

            target.Set(key, new TextValue(string.Create(ShortId, hash, static (span, rest) =>
            {
                for (int i = 0; i < span.Length; i++)
                {
                    span[i] = IdCharacters[(int)(rest % (ulong)IdCharacters.Length)];
                    rest /= (ulong)IdCharacters.Length;
                }
            })));
        }
    }
}
