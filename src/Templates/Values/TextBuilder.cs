using System.Text;

namespace LayerStream.Templates.Values;

/// <summary>Puts a text together and keeps account of which parts come from the conversation. Linear in what is appended.</summary>
internal sealed class TextBuilder
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _borders = [];

    public int Length => _text.Length;

    /// <summary>Appends text of the template.</summary>
    public TextBuilder Append(string text)
    {
        _text.Append(text);
        return this;
    }

    public TextBuilder Append(char character)
    {
        _text.Append(character);
        return this;
    }

    public TextBuilder Append(TextValue text) => Append(text, 0, text.Text.Length);

    /// <summary>Appends the UTF-16 units [begin, begin + length) of a text.</summary>
    public TextBuilder Append(TextValue text, int begin, int length)
    {
        int shift = _text.Length - begin;
        _text.Append(text.Text, begin, length);
        if (text.Spans is not { } spans)
        {
            return this;
        }

        for (int i = spans.FirstEndingAfter(begin); i < spans.Count && spans[i].Begin < begin + length; i++)
        {
            Mark(Math.Max(spans[i].Begin, begin) + shift, Math.Min(spans[i].End, begin + length) + shift);
        }

        return this;
    }

    /// <summary>Appends text that is the conversation's as a whole when <paramref name="isMessage"/> is set.</summary>
    public TextBuilder Append(string text, bool isMessage)
    {
        if (isMessage && text.Length > 0)
        {
            Mark(_text.Length, _text.Length + text.Length);
        }

        return Append(text);
    }

    public TextValue ToValue() => new(_text.ToString(), MessageSpans.FromBorders(_borders));

    private void Mark(int begin, int end)
    {
        if (_borders.Count > 0 && _borders[^1] == begin)
        {
            _borders[^1] = end;
        }
        else
        {
            _borders.Add(begin);
            _borders.Add(end);
        }
    }
}
