using System.Text;
using LayerStream.Templates.Runtime;
using LayerStream.Templates.Values;

namespace LayerStream.Templates.Builtins;

/// <summary>escape and urlencode: text made safe inside another language.</summary>
internal static class QuotingFilters
{
    public static Value Escape(Call call)
    {
        var text = call.SelfValue;
        var builder = new StringBuilder(text.Text);
        builder.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("'", "&#39;").Replace("\"", "&#34;");
        return call.State.Text(text.Mapped(builder.ToString()));
    }

    /// <summary>Percent-encoded UTF-8; of a mapping or pairs the form of a query.</summary>
    public static Value UrlEncode(Call call)
    {
        var state = call.State;
        if (call.Self is not (DictValue or ListValue or TupleValue))
        {
            return Quoted(state, call.SelfValue, isQuery: false);
        }

        var pairs = call.Self is DictValue dict ? [.. SequenceFilters.Pairs(state, dict).Items] : Sequences.Iterate(state, call.Self);
        return SequenceFilters.JoinTexts(state, new TextValue("&"), pairs.Select(pair =>
            Sequences.Iterate(state, pair) is [var key, var value]
                ? new TextBuilder().Append(Quoted(state, ValueText.Of(state, key), isQuery: true)).Append('=')
                    .Append(Quoted(state, ValueText.Of(state, value), isQuery: true)).ToValue()
                : throw state.Error("urlencode: pairs of key and value are required")));
    }

    private static TextValue Quoted(RenderState state, TextValue text, bool isQuery)
    {
        state.CheckTextLength(9L * text.Text.Length);
        string quoted = Uri.EscapeDataString(text.Text);
        quoted = isQuery ? quoted.Replace("%20", "+", StringComparison.Ordinal) : quoted.Replace("%2F", "/", StringComparison.Ordinal);
        return state.Text(text.Mapped(quoted));
    }
}
