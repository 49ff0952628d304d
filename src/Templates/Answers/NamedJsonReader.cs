using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>How a family writes a name and then arguments as JSON.</summary>
/// <param name="NameEnds">What may stand behind the name.</param>
/// <param name="Close">What stands behind the arguments; null = nothing.</param>
internal sealed record NamedJsonForm(IReadOnlyList<string> NameEnds, string? Close)
{
    /// <summary>A mark between name and id, or null.</summary>
    public string? IdMark { get; init; }

    /// <summary>Names are <c>functions.NAME:NUMBER</c>, and all of it is the id.</summary>
    public bool NameIsId { get; init; }

    /// <summary>A word in the place of the name that means text, or null.</summary>
    public string? PlainName { get; init; }
}

/// <summary>Reads one call of a name and JSON arguments.</summary>
internal sealed class NamedJsonReader : CallReader
{
    private const int LongestName = 512;
    private readonly CallSink _sink;
    private readonly NamedJsonForm _form;
    private readonly MarkerScan _nameEnd;
    private readonly MarkerScan? _close;
    private readonly StringBuilder _header = new();
    private readonly StringBuilder _plain = new();
    private readonly JsonRelay _relay;
    private State _state;

    public NamedJsonReader(CallSink sink, NamedJsonForm form)
    {
        (_sink, _form) = (sink, form);
        _nameEnd = new MarkerScan(form.NameEnds);
        _close = form.Close is null ? null : new MarkerScan([form.Close]);
        _relay = new JsonRelay(sink.Arguments);
    }

    private enum State
    {
        Name,
        BeforeArguments,
        NoArguments,
        Arguments,
        Closing,
    }

    /// <inheritdoc/>
    public override ReadStep Take(char c) => _state switch
    {
        State.Name => InName(c),
        State.BeforeArguments when char.IsWhiteSpace(c) => ReadStep.More,
        State.BeforeArguments => c == '{' ? InArguments(c) : WithoutArguments(c),
        State.NoArguments => WithoutArguments(c),
        State.Arguments => InArguments(c),
        _ => InClose(c),
    };

    /// <inheritdoc/>
    public override bool End() => _state == State.Closing;

    private ReadStep InName(char c)
    {
        int end = _nameEnd.Take(c, _header);
        if (end < 0)
        {
            return _header.Length > LongestName ? ReadStep.Failed : ReadStep.More;
        }

        string name = _header.ToString().Trim();
        if (name == _form.PlainName)
        {
            return ReadStep.Done;
        }

        string? id = null;
        if (_form.IdMark is { } mark && name.IndexOf(mark, StringComparison.Ordinal) is >= 0 and int at)
        {
            (name, id) = (name[..at].Trim(), name[(at + mark.Length)..].Trim());
        }

        if (_form.NameIsId)
        {
            id = name;
            name = Bare(name);
        }

        if (!_sink.Start(name, id))
        {
            return ReadStep.Failed;
        }

        _state = State.BeforeArguments;
        return ReadStep.More;
    }

    private static string Bare(string id)
    {
        string name = id.StartsWith("functions.", StringComparison.Ordinal) ? id["functions.".Length..] : id;
        int colon = name.LastIndexOf(':');
        return colon > 0 && name.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? name[..colon] : name;
    }

    private ReadStep InArguments(char c)
    {
        _state = State.Arguments;
        ReadStep step = _relay.Take(c);
        if (step != ReadStep.Done)
        {
            return step;
        }

        _sink.End();
        _state = State.Closing;
        return _close is null ? ReadStep.Done : ReadStep.More;
    }

    // The closing mark instead of arguments.
    private ReadStep WithoutArguments(char c)
    {
        if (_close is null)
        {
            return ReadStep.FailedBefore;
        }

        _state = State.NoArguments;
        ReadStep step = InClose(c);
        if (step == ReadStep.Done)
        {
            _sink.Arguments("{}");
            _sink.End();
        }

        return step;
    }

    private ReadStep InClose(char c)
    {
        if (char.IsWhiteSpace(c) && !_close!.IsHolding)
        {
            return ReadStep.More;
        }

        int found = _close!.Take(c, _plain);
        return found >= 0 ? ReadStep.Done : _plain.Length == 0 ? ReadStep.More : ReadStep.Failed;
    }
}
