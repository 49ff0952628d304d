using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>Filters that make text.</summary>
internal static class TextFilters
{
    public static Value Trim(Call call) =>
        call.State.Text(TextMethods.Strip(call.SelfValue, call.OptionalText(0), left: true, right: true));

    public static Value Replace(Call call)
    {
        int count = call[2] is null or NoneValue ? -1 : call.Integer(2, -1);
        return TextMethods.Replace(call.State, call.SelfValue, ValueText.Str(call.State, call[0]!),
            ValueText.Of(call.State, call[1]!), count);
    }

    public static Value Format(Call call)
    {
        if (call.Raw.Named.Count == 0)
        {
            return call.State.Text(PrintfFormat.Format(call.State, call.SelfValue, new TupleValue([.. call.Raw.Positional])));
        }

        var names = new DictValue();
        foreach (var (name, value) in call.Raw.Named)
        {
            names.Set(name, value);
        }

        return call.State.Text(PrintfFormat.Format(call.State, call.SelfValue, names));
    }

    public static Value Indent(Call call)
    {
        if (call.Self is not TextValue self)
        {
            throw call.State.Error($"indent: text is required, not {call.Self.TypeName}");
        }

        var pad = call[0] as TextValue ?? new TextValue(new string(' ', Math.Clamp(call.Integer(0, 4), 0, 10_000)));
        bool padsBlank = call.Flag(2);
        var lines = Whitespace.Lines(self.Text + "\n");
        call.State.ChargeText(self.Text.Length + ((long)pad.Text.Length * lines.Count));
        var builder = new TextBuilder().Append(call.Flag(1) ? pad : TextValue.Empty);
        for (int i = 0; i < lines.Count; i++)
        {
            var (begin, end) = lines[i];
            builder.Append(i == 0 ? "" : "\n").Append(i > 0 && (end > begin || padsBlank) ? pad : TextValue.Empty);
            builder.Append(self, begin, Math.Min(end, self.Text.Length) - begin);
        }

        return call.State.Text(builder.ToValue());
    }

    public static Value ToJson(Call call)
    {
        string? indent = call[1] switch
        {
            null or NoneValue => null,
            TextValue text => text.Text,
            _ => new string(' ', Math.Clamp(call.Integer(1, 0), 0, 100)),
        };
        if (indent?.Length > 100)
        {
            throw call.State.Error("tojson: indent is too long");
        }

        string item = indent is null ? ", " : ",", key = ": ";
        if (call[2] is ListValue or TupleValue)
        {
            var separators = Sequences.Items(call[2]!);
            (item, key) = separators is [TextValue x, TextValue y] ? (x.Text, y.Text)
                : throw call.State.Error("tojson: separators are two texts");
        }

        var writer = new JsonText(call.State)
        {
            EnsureAscii = call.Flag(0),
            Indent = indent,
            SortKeys = call.Flag(3),
            ItemSeparator = item,
            KeySeparator = key,
        };
        return writer.Write(call.Self);
    }
}
