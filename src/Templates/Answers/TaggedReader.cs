using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>How a family writes a call in tags. Header texts end at the first of their ends; of a header with a cut, the part before the
/// cut is the name or key and the rest its attributes.</summary>
/// <param name="NameEnd">Behind the name; parameters or the end of the call follow.</param>
/// <param name="KeyOpen">In front of a key.</param>
/// <param name="KeyEnd">Behind a key and its attributes; the value follows.</param>
/// <param name="ValueEnd">Behind a value.</param>
/// <param name="CallEnd">Behind the last value.</param>
internal sealed record TaggedForm(string NameEnd, string KeyOpen, string KeyEnd, string ValueEnd, string CallEnd)
{
    /// <summary>Where a header's name ends within it, or null.</summary>
    public string? Cut { get; init; }

    /// <summary>Whether key and end of the call may stand directly behind the name.</summary>
    public bool NameMayBeFollowed { get; init; }

    /// <summary>A line break on either side of a value belongs to the tags.</summary>
    public bool StripsLineBreaks { get; init; }

    /// <summary>Attributes that hold this mean a string; null = only the schema says.</summary>
    public string? TextAttribute { get; init; }
}

/// <summary>Reads one call in tags; each parameter is passed on when it is whole.</summary>
internal sealed class TaggedReader : CallReader
{
    private const int LongestHeader = 512;
    private readonly CallSink _sink;
    private readonly TaggedForm _form;
    private readonly StringBuilder _text = new();
    private MarkerScan _scan;
    private State _state = State.Name;
    private string _tool = "", _key = "", _attributes = "";
    private bool _hasParameters;

    public TaggedReader(CallSink sink, TaggedForm form)
    {
        (_sink, _form) = (sink, form);
        _scan = new MarkerScan(form.NameMayBeFollowed ? [form.NameEnd, form.KeyOpen, form.CallEnd] : [form.NameEnd]);
    }

    private enum State
    {
        Name,
        Between,
        Key,
        Value,
    }

    /// <inheritdoc/>
    public override ReadStep Take(char c)
    {
        if (_state == State.Between && char.IsWhiteSpace(c) && !_scan.IsHolding)
        {
            return ReadStep.More;
        }

        int found = _scan.Take(c, _text);
        return found >= 0 ? Found(found)
            : (_state == State.Between && _text.Length > 0) || (_state != State.Value && _text.Length > LongestHeader) ? ReadStep.Failed
            : ReadStep.More;
    }

    /// <inheritdoc/>
    public override bool End() => false;

    private ReadStep Found(int marker)
    {
        string text = _text.ToString();
        _text.Clear();
        switch (_state)
        {
            case State.Name:
                _tool = Head(text).Trim();
                if (_form.NameMayBeFollowed && _tool.Length == 0 && marker == 0)
                {
                    return ReadStep.More; // the line break in front of the name
                }

                return !_sink.Start(_tool, null) ? ReadStep.Failed
                    : marker switch { 0 => To(State.Between, _form.KeyOpen, _form.CallEnd), 1 => ToKey(), _ => EndCall() };
            case State.Between:
                return marker == 0 ? ToKey() : EndCall();
            case State.Key:
                _key = Head(text).Trim();
                _attributes = text[Math.Min(Head(text).Length, text.Length)..];
                return To(State.Value, _form.ValueEnd);
            default:
                Value(text);
                return To(State.Between, _form.KeyOpen, _form.CallEnd);
        }
    }

    private ReadStep ToKey() => To(State.Key, _form.KeyEnd);

    private string Head(string header) =>
        _form.Cut is { } cut && header.IndexOf(cut, StringComparison.Ordinal) is >= 0 and int at ? header[..at] : header;

    private void Value(string raw)
    {
        if (_form.StripsLineBreaks)
        {
            raw = raw.StartsWith('\n') ? raw[1..] : raw;
            raw = raw.EndsWith('\n') ? raw[..^1] : raw;
        }

        ParameterKind kind = _form.TextAttribute is null ? _sink.Tools.KindOf(_tool, _key)
            : _attributes.Contains(_form.TextAttribute, StringComparison.Ordinal) ? ParameterKind.Text : ParameterKind.Json;
        _sink.Arguments((_hasParameters ? ", " : "{") + JsonPieces.Quote(_key) + ": " + ParameterText.ToJson(raw, kind));
        _hasParameters = true;
    }

    private ReadStep EndCall()
    {
        _sink.Arguments(_hasParameters ? "}" : "{}");
        _sink.End();
        return ReadStep.Done;
    }

    private ReadStep To(State state, params string[] markers)
    {
        _state = state;
        _scan = new MarkerScan(markers);
        return ReadStep.More;
    }
}
