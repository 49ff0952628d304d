using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>All filters by name; a row and a small function each.</summary>
internal static class FilterTable
{
    private static readonly Dictionary<string, Builtin> s_table = Builtin.Table(
        new("abs", "", NumberFilters.Abs),
        new("attr", "name", c => Attributes.GetPath(c.State, c.Self, c.Text(0))),
        new("batch", "linecount fill_with?", GroupingFilters.Batch),
        new("capitalize", "", c => Mapped(c, TextCase.Capitalize)),
        new("center", "width?", WrapFilters.Center),
        new("count", "", Length),
        new("d", "default_value? boolean?", Default),
        new("default", "default_value? boolean?", Default),
        new("dictsort", "case_sensitive? by? reverse?", SequenceFilters.DictSort),
        new("e", "", QuotingFilters.Escape),
        new("escape", "", QuotingFilters.Escape),
        new("filesizeformat", "binary?", NumberFilters.FileSize),
        new("first", "", SequenceFilters.First),
        new("float", "default?", NumberFilters.ToFloat),
        new("forceescape", "", QuotingFilters.Escape),
        new("format", "*", TextFilters.Format),
        new("from_json", "", c => JsonValues.Parse(c.State, c.SelfValue)),
        new("fromjson", "", c => JsonValues.Parse(c.State, c.SelfValue)),
        new("groupby", "attribute default? case_sensitive?", GroupingFilters.GroupBy),
        new("indent", "width? first? blank?", TextFilters.Indent),
        new("int", "default? base?", NumberFilters.ToInteger),
        new("items", "", SequenceFilters.Items),
        new("join", "d? attribute?", SequenceFilters.Join),
        new("last", "", SequenceFilters.Last),
        new("length", "", Length),
        new("list", "", c => new ListValue([.. Sequences.Iterate(c.State, c.Self)])),
        new("lower", "", c => Mapped(c, TextCase.Lower)),
        new("map", "*", SelectFilters.Map),
        new("max", "case_sensitive? attribute?", c => SequenceFilters.Extreme(c, 1)),
        new("min", "case_sensitive? attribute?", c => SequenceFilters.Extreme(c, -1)),
        new("reject", "*", c => SelectFilters.Select(c, wanted: false)),
        new("rejectattr", "*", c => SelectFilters.SelectAttribute(c, wanted: false)),
        new("replace", "old new count?", TextFilters.Replace),
        new("reverse", "", SequenceFilters.Reverse),
        new("round", "precision? method?", NumberFilters.Round),
        new("safe", "", c => c.Self is TextValue ? c.Self : c.SelfValue),
        new("select", "*", c => SelectFilters.Select(c, wanted: true)),
        new("selectattr", "*", c => SelectFilters.SelectAttribute(c, wanted: true)),
        new("slice", "slices fill_with?", GroupingFilters.Slice),
        new("sort", "reverse? case_sensitive? attribute?", SequenceFilters.Sort),
        new("string", "", c => c.Self is TextValue ? c.Self : c.SelfValue),
        new("sum", "attribute? start?", SequenceFilters.Sum),
        new("title", "", c => Mapped(c, TextCase.TitleFilter)),
        new("tojson", "ensure_ascii? indent? separators? sort_keys?", TextFilters.ToJson),
        new("trim", "chars?", TextFilters.Trim),
        new("truncate", "length? killwords? end? leeway?", WrapFilters.Truncate),
        new("unique", "case_sensitive? attribute?", SequenceFilters.Unique),
        new("upper", "", c => Mapped(c, TextCase.Upper)),
        new("urlencode", "", QuotingFilters.UrlEncode),
        new("wordcount", "", WrapFilters.WordCount),
        new("wordwrap", "width? break_long_words? wrapstring? break_on_hyphens?", WrapFilters.WordWrap));

    public static Builtin? Find(string name) => s_table.GetValueOrDefault(name);

    private static TextValue Mapped(Call call, Func<string, string> map)
    {
        var text = call.SelfValue;
        return call.State.Text(text.Mapped(map(text.Text)));
    }

    private static IntValue Length(Call call) => new(Sequences.Length(call.State, call.Self));

    private static Value Default(Call call) =>
        call.Self is UndefinedValue || (call.Flag(1) && !call.Self.IsTrue) ? call[0] ?? TextValue.Empty : call.Self;
}
