using System.Text;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>Methods of texts, with Python's semantics.</summary>
internal static class TextMethods
{
    private static readonly Dictionary<string, Builtin> s_table = Builtin.Table([
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
        new("replace", "old new count?", c => Replace(c.State, Whole(c), c.Text(0), c.TextValue(1), c.Integer(2, -1))),
        new("join", "items", Join),
        new("upper", "", c => Mapped(c, TextCase.Upper)),
        new("lower", "", c => Mapped(c, TextCase.Lower)),
        new("casefold", "", c => Mapped(c, x => TextCase.Lower(TextCase.Upper(x)))),
        new("title", "", c => Mapped(c, TextCase.Title)),
        new("capitalize", "", c => Mapped(c, TextCase.Capitalize)),
        new("swapcase", "", c => Mapped(c, TextCase.Swap)),
        new("zfill", "width", c => Padded(c, (missing, pad) => ZeroFilled(Whole(c), missing))),
        new("ljust", "width fillchar?", c => Padded(c, (missing, pad) => new TextBuilder().Append(Whole(c)).Append(pad(missing)))),
        new("rjust", "width fillchar?", c => Padded(c, (missing, pad) => new TextBuilder().Append(pad(missing)).Append(Whole(c)))),
        new("center", "width fillchar?", c => Centered(c.State, Whole(c), c.Integer(0, 0), Filling(c))),
        new("expandtabs", "tabsize?", ExpandTabs),
        new("format", "*", FormatMethod.Format),
        new("format_map", "mapping", FormatMethod.FormatMap),
        .. SearchMethods.Rows,
        .. KindMethods.Rows]);

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

    private static Value Join(Call call)
    {
        var items = Sequences.Iterate(call.State, call[0]!);
        return SequenceFilters.JoinTexts(call.State, Whole(call), items.Select(x =>
            x as TextValue ?? throw call.State.Error($"join(): expected str instance, {x.TypeName} found")));
    }

    /// <summary>The text between spaces (or another character), the odd one as Python puts it.</summary>
    public static TextValue Centered(RenderState state, TextValue text, int width, char filling)
    {
        int missing = width - text.Length;
        if (missing <= 0)
        {
            return text;
        }

        state.CheckTextLength((long)text.Text.Length + missing);
        int before = (missing / 2) + (missing & width & 1);
        return state.Text(new TextBuilder().Append(new string(filling, before)).Append(text)
            .Append(new string(filling, missing - before)).ToValue());
    }

    // Width counts code points.
    private static TextValue Padded(Call call, Func<int, Func<int, string>, TextBuilder> pad)
    {
        int missing = call.Integer(0, 0) - Whole(call).Length;
        if (missing <= 0)
        {
            return Whole(call);
        }

        call.State.CheckTextLength((long)Self(call).Length + missing);
        return call.State.Text(pad(missing, count => new string(Filling(call), count)).ToValue());
    }

    private static char Filling(Call call) => call.Count < 2 || call[1] is null ? ' '
        : call[1] is TextValue { Text: [var filling] } ? filling
        : throw call.State.Error("The fill character must be exactly one character long");

    private static TextBuilder ZeroFilled(TextValue text, int missing)
    {
        int sign = text.Text.StartsWith('-') || text.Text.StartsWith('+') ? 1 : 0;
        return new TextBuilder().Append(text, 0, sign).Append(new string('0', missing)).Append(text, sign, text.Text.Length - sign);
    }

    private static TextValue ExpandTabs(Call call)
    {
        int size = Math.Clamp(call.Integer(0, 8), 0, FormatSpec.Widest), column = 0;
        var builder = new TextBuilder();
        string text = Self(call);
        for (int i = 0; i < text.Length; i++)
        {
            int spaces = text[i] == '\t' ? size == 0 ? 0 : size - (column % size) : 0;
            column = text[i] is '\n' or '\r' ? 0 : text[i] == '\t' ? column + spaces : column + (char.IsLowSurrogate(text[i]) ? 0 : 1);
            _ = text[i] == '\t' ? builder.Append(new string(' ', spaces)) : builder.Append(Whole(call), i, 1);
            call.State.CheckTextLength(builder.Length);
        }

        return call.State.Text(builder.ToValue());
    }
}
