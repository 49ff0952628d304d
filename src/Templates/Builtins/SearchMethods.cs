using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>Methods of texts that look for a part, between a start and an end in code points as Python's slices.</summary>
internal static class SearchMethods
{
    public static Builtin[] Rows =>
    [
        new("startswith", "prefix start? end?", c => AnyOf(c, (text, part) => text.StartsWith(part, StringComparison.Ordinal))),
        new("endswith", "suffix start? end?", c => AnyOf(c, (text, part) => text.EndsWith(part, StringComparison.Ordinal))),
        new("find", "part start? end?", c => new IntValue(Find(c, last: false))),
        new("rfind", "part start? end?", c => new IntValue(Find(c, last: true))),
        new("index", "part start? end?", c => Found(c, last: false)),
        new("rindex", "part start? end?", c => Found(c, last: true)),
        new("count", "part start? end?", Count),
    ];

    private static BoolValue AnyOf(Call call, Func<string, string, bool> holds)
    {
        if (Part(call).Text is not { } text)
        {
            return BoolValue.False;
        }

        if (call[0] is not TupleValue parts)
        {
            return BoolValue.Of(holds(text.Text, call.Text(0)));
        }

        return BoolValue.Of(parts.Items.Any(x => holds(text.Text, x is TextValue part ? part.Text
            : throw call.State.Error($"tuple for startswith must only contain str, not {x.TypeName}"))));
    }

    private static IntValue Found(Call call, bool last) =>
        Find(call, last) is var at and >= 0 ? new IntValue(at) : throw call.State.Error("substring not found");

    private static int Find(Call call, bool last)
    {
        var (text, begin) = Part(call);
        if (text is null)
        {
            return -1;
        }

        call.State.Charge(text.Text.Length / 256);
        int at = last ? TextSearch.FindLast(text.Text, call.Text(0), text.Text.Length) : TextSearch.Find(text.Text, call.Text(0), 0);
        return at < 0 ? -1 : begin + text.IndexOfOffset(at);
    }

    private static IntValue Count(Call call)
    {
        if (Part(call).Text is not { } text)
        {
            return new IntValue(0);
        }

        string part = call.Text(0);
        if (part.Length == 0)
        {
            return new IntValue(text.Length + 1);
        }

        int count = 0;
        for (int from = 0; (from = TextSearch.Find(text.Text, part, from)) >= 0; from += part.Length)
        {
            call.State.Charge(1);
            count++;
        }

        return new IntValue(count);
    }

    /// <summary>What is looked into, and where it begins; null = it begins behind its end, and has no part, not even an empty
    /// one.</summary>
    private static (TextValue? Text, int Begin) Part(Call call)
    {
        var text = (TextValue)call.Self;
        int begin = Bound(call, 1, 0, text.Length), end = Math.Min(text.Length, Bound(call, 2, text.Length, text.Length));
        return (begin > end ? null : text.Range(begin, end), begin);
    }

    private static int Bound(Call call, int index, int absent, int length)
    {
        if (call[index] is null or NoneValue)
        {
            return absent;
        }

        int bound = call.Integer(index, 0);
        return Math.Max(0, bound < 0 ? bound + length : bound);
    }
}
