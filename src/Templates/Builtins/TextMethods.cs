using System.Globalization;
using System.Text;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>Methods of texts, with Python's semantics.</summary>
internal static class TextMethods
{
    private static readonly Dictionary<string, Builtin> s_table = Builtin.Table(
        new("split", "sep? maxsplit?", Split),
        new("rsplit", "sep? maxsplit?", SplitFromRight),
        new("partition", "sep", c => Partition(c, last: false)),
        new("rpartition", "sep", c => Partition(c, last: true)),
        new("splitlines", "keepends?", c => Parts(c, Whitespace.Lines(Self(c), c.Flag(0)))),
        new("strip", "chars?", c => c.State.Text(Strip(Whole(c), c.OptionalText(0), left: true, right: true))),
        new("lstrip", "chars?", c => c.State.Text(Strip(Whole(c), c.OptionalText(0), left: true, right: false))),
        new("rstrip", "chars?", c => c.State.Text(Strip(Whole(c), c.OptionalText(0), left: false, right: true))),
        new("removeprefix", "prefix", c => Self(c).StartsWith(c.Text(0), StringComparison.Ordinal)
            ? c.State.Text(Whole(c).Slice(c.Text(0).Length, Self(c).Length)) : c.Self),
        new("removesuffix", "suffix", c => Self(c).EndsWith(c.Text(0), StringComparison.Ordinal)
            ? c.State.Text(Whole(c).Slice(0, Self(c).Length - c.Text(0).Length)) : c.Self),
        new("startswith", "prefix", c => AnyOf(c, (text, part) => text.StartsWith(part, StringComparison.Ordinal))),
        new("endswith", "suffix", c => AnyOf(c, (text, part) => text.EndsWith(part, StringComparison.Ordinal))),
        new("replace", "old new count?", c => Replace(c.State, Whole(c), c.Text(0), c.TextValue(1), c.Integer(2, -1))),
        new("format", "*", Format),
        new("join", "items", Join),
        new("upper", "", c => Mapped(c, TextCase.Upper)),
        new("lower", "", c => Mapped(c, TextCase.Lower)),
        new("casefold", "", c => Mapped(c, x => TextCase.Lower(TextCase.Upper(x)))),
        new("title", "", c => Mapped(c, TextCase.Title)),
        new("capitalize", "", c => Mapped(c, TextCase.Capitalize)),
        new("zfill", "width", c => Pad(c, (text, width) => text[..Sign(text)] + text[Sign(text)..].PadLeft(width - Sign(text), '0'))),
        new("ljust", "width", c => Pad(c, (text, width) => text.PadRight(width))),
        new("rjust", "width", c => Pad(c, (text, width) => text.PadLeft(width))),
        new("find", "part", c => new IntValue(Find(c, last: false))),
        new("rfind", "part", c => new IntValue(Find(c, last: true))),
        new("index", "part", c => Find(c, last: false) is var i and >= 0 ? new IntValue(i) : throw c.State.Error("substring not found")),
        new("count", "part", Count),
        new("isdigit", "", c => Every(c, char.IsDigit)),
        new("isdecimal", "", c => Every(c, char.IsDigit)),
        new("isnumeric", "", c => Every(c, char.IsNumber)),
        new("isalpha", "", c => Every(c, char.IsLetter)),
        new("isalnum", "", c => Every(c, char.IsLetterOrDigit)),
        new("isspace", "", c => Every(c, Whitespace.IsSpace)),
        new("isupper", "", c => BoolValue.Of(Self(c).Any(char.IsLetter) && TextCase.Upper(Self(c)) == Self(c))),
        new("islower", "", c => BoolValue.Of(Self(c).Any(char.IsLetter) && TextCase.Lower(Self(c)) == Self(c))));

    public static Builtin? Find(string name) => s_table.GetValueOrDefault(name);

    /// <summary>Strips white space, or the code points of <paramref name="chars"/>, from the ends.</summary>
    public static TextValue Strip(TextValue text, string? chars, bool left, bool right)
    {
        int begin = 0, end = text.Text.Length;
        if (chars is null)
        {
            end = right ? Whitespace.TrimmedLength(text.Text) : end;
            begin = left ? Whitespace.LeadingLength(text.Text.AsSpan(0, end)) : 0;
            return text.Slice(begin, end);
        }

        var set = chars.EnumerateRunes().ToHashSet();
        while (left && begin < end && Rune.DecodeFromUtf16(text.Text.AsSpan(begin..end), out var rune, out int units) == 0
            && set.Contains(rune))
        {
            begin += units;
        }

        while (right && begin < end && Rune.DecodeLastFromUtf16(text.Text.AsSpan(begin..end), out var rune, out int units) == 0
            && set.Contains(rune))
        {
            end -= units;
        }

        return text.Slice(begin, end);
    }

    /// <summary>Replaces up to <paramref name="count"/> occurrences (all when negative); an empty pattern matches between code
    /// points.</summary>
    public static TextValue Replace(RenderState state, TextValue source, string old, TextValue by, int count)
    {
        string text = source.Text;
        var builder = new TextBuilder();
        int from = 0, done = 0;
        while (done != count)
        {
            int next = old.Length == 0 ? done == 0 ? 0 : NextPoint(text, from) : TextSearch.Find(text, old, from);
            if (next < 0)
            {
                break;
            }

            state.Charge(1);
            state.CheckTextLength((long)builder.Length + next - from + by.Text.Length);
            builder.Append(source, from, next - from).Append(by);
            from = next + old.Length;
            done++;
        }

        return done == 0 ? state.Text(source) : state.Text(builder.Append(source, from, text.Length - from).ToValue());
    }

    // Offset after the code point at the given one; -1 at the end.
    private static int NextPoint(string text, int offset) =>
        offset >= text.Length ? -1 : offset + (offset + 1 < text.Length && char.IsSurrogatePair(text[offset], text[offset + 1]) ? 2 : 1);

    private static string Self(Call call) => ((TextValue)call.Self).Text;

    private static TextValue Whole(Call call) => (TextValue)call.Self;

    private static TextValue Mapped(Call call, Func<string, string> map) => call.State.Text(Whole(call).Mapped(map(Self(call))));

    private static ListValue Parts(Call call, List<(int Begin, int End)> places)
    {
        call.State.Charge(places.Count);
        call.State.ChargeText(places.Sum(x => (long)x.End - x.Begin));
        return new ListValue([.. places.Select(x => Whole(call).Slice(x.Begin, x.End))]);
    }

    private static Value Split(Call call)
    {
        string text = Self(call);
        int most = Most(call);
        if (call.OptionalText(0) is not { } separator)
        {
            return Parts(call, Whitespace.Words(text, most));
        }

        RequireSeparator(call, separator);
        var parts = new List<(int, int)>();
        int from = 0;
        for (int next; parts.Count < most && (next = TextSearch.Find(text, separator, from)) >= 0; from = next + separator.Length)
        {
            call.State.Charge(1);
            parts.Add((from, next));
        }

        parts.Add((from, text.Length));
        return Parts(call, parts);
    }

    private static Value SplitFromRight(Call call)
    {
        string text = Self(call);
        int most = Most(call);
        var parts = new List<(int Begin, int End)>();
        int end = text.Length;
        if (call.OptionalText(0) is { } separator)
        {
            RequireSeparator(call, separator);
            for (int next; parts.Count < most && (next = TextSearch.FindLast(text, separator, end)) >= 0; end = next)
            {
                call.State.Charge(1 + (separator.Length > 64 ? text.Length / 64 : 0));
                parts.Add((next + separator.Length, end));
            }

            parts.Add((0, end));
            parts.Reverse();
            return Parts(call, parts);
        }

        var words = Whitespace.Words(text);
        int kept = Math.Max(0, words.Count - most);
        if (kept > 0)
        {
            parts.Add((0, words[kept - 1].End));
        }

        parts.AddRange(words.Skip(kept));
        return Parts(call, parts);
    }

    private static int Most(Call call) => call.Integer(1, -1) is var most and >= 0 ? most : int.MaxValue;

    private static void RequireSeparator(Call call, string separator)
    {
        if (separator.Length == 0)
        {
            throw call.State.Error("empty separator");
        }
    }

    private static TupleValue Partition(Call call, bool last)
    {
        string text = Self(call), separator = call.Text(0);
        RequireSeparator(call, separator);
        int at = last ? TextSearch.FindLast(text, separator, text.Length) : TextSearch.Find(text, separator, 0);
        call.State.ChargeText(text.Length);
        if (at < 0)
        {
            return last ? new TupleValue(TextValue.Empty, TextValue.Empty, call.Self)
                : new TupleValue(call.Self, TextValue.Empty, TextValue.Empty);
        }

        var whole = Whole(call);
        return new TupleValue(whole.Slice(0, at), call[0]!, whole.Slice(at + separator.Length, text.Length));
    }

    private static BoolValue AnyOf(Call call, Func<string, string, bool> holds)
    {
        if (call[0] is TupleValue parts)
        {
            return BoolValue.Of(parts.Items.Any(x => x is TextValue part && holds(Self(call), part.Text)));
        }

        return BoolValue.Of(holds(Self(call), call.Text(0)));
    }

    // Width counts code points.
    private static Value Pad(Call call, Func<string, int, string> pad)
    {
        var text = (TextValue)call.Self;
        int missing = call.Integer(0, 0) - text.Length;
        if (missing <= 0)
        {
            return text;
        }

        call.State.CheckTextLength((long)text.Text.Length + missing);
        return call.State.Text(text.Mapped(pad(text.Text, text.Text.Length + missing)));
    }

    private static int Sign(string text) => text.StartsWith('-') || text.StartsWith('+') ? 1 : 0;

    private static BoolValue Every(Call call, Func<char, bool> holds) => BoolValue.Of(Self(call).Length > 0 && Self(call).All(holds));

    private static Value Join(Call call)
    {
        var items = Sequences.Iterate(call.State, call[0]!);
        return SequenceFilters.JoinTexts(call.State, Whole(call), items.Select(x =>
            x as TextValue ?? throw call.State.Error($"join(): expected str instance, {x.TypeName} found")));
    }

    private static int Find(Call call, bool last)
    {
        string text = Self(call);
        call.State.Charge(text.Length / 256);
        int at = last ? TextSearch.FindLast(text, call.Text(0), text.Length) : TextSearch.Find(text, call.Text(0), 0);
        return at < 0 ? -1 : ((TextValue)call.Self).IndexOfOffset(at);
    }

    private static IntValue Count(Call call)
    {
        string text = Self(call), part = call.Text(0);
        if (part.Length == 0)
        {
            return new IntValue(((TextValue)call.Self).Length + 1);
        }

        int count = 0;
        for (int from = 0; (from = TextSearch.Find(text, part, from)) >= 0; from += part.Length)
        {
            call.State.Charge(1);
            count++;
        }

        return new IntValue(count);
    }

    // str.format with {} {0} {name}; attributes, conversions and format specs are refused.
    private static Value Format(Call call)
    {
        string text = Self(call);
        var builder = new TextBuilder();
        int next = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c is not ('{' or '}'))
            {
                builder.Append(Whole(call), i, 1);
                continue;
            }

            if (i + 1 < text.Length && text[i + 1] == c)
            {
                builder.Append(Whole(call), i, 1);
                i++;
                continue;
            }

            int close = c == '{' ? text.IndexOf('}', i) : -1;
            string name = close < 0 ? throw call.State.Error("single brace in format string") : text[(i + 1)..close];
            builder.Append(ValueText.Of(call.State, Field(call, name, ref next)));
            call.State.CheckTextLength(builder.Length);
            i = close;
        }

        return call.State.Text(builder.ToValue());
    }

    private static Value Field(Call call, string name, ref int next)
    {
        if (name.Length == 0 || int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            int index = name.Length == 0 ? next++ : int.Parse(name, CultureInfo.InvariantCulture);
            return index < call.Raw.Positional.Count ? call.Raw.Positional[index]
                : throw call.State.Error("replacement index out of range");
        }

        return call.Raw.Named.TryGetValue(name, out var value) ? value
            : throw call.State.Error($"format field '{name}' is unknown or unsupported");
    }
}
