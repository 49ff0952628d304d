using System.Text;

namespace LayerStream.Templates.Answers;

/// <summary>
/// Calls as JSON objects with a name and arguments: one, several, or a list of them; behind them a closing mark if the family has one.
/// Arguments are passed on as they come when the name stands before them.
/// </summary>
/// <param name="sink">Gets the calls.</param>
/// <param name="close">Closing mark, or null.</param>
/// <param name="idComesLast">The model gives ids, behind the arguments: a call waits for its end.</param>
internal sealed class JsonCallReader(CallSink sink, string? close, bool idComesLast = false) : CallReader
{
    private static readonly string[] s_names = ["name", "tool_name", "function"];
    private static readonly string[] s_arguments = ["arguments", "parameters", "args"];
    private static readonly string[] s_ids = ["id", "tool_call_id", "call_id"];

    private readonly MarkerScan? _close = close is null ? null : new MarkerScan([close]);
    private readonly StringBuilder _plain = new();
    private readonly StringBuilder _key = new();
    private readonly StringBuilder _value = new();
    private JsonRelay? _relay;
    private State _state = State.Start;
    private string? _name, _id, _arguments;
    private bool _isList, _isStreaming;

    private enum State
    {
        Start,
        KeyOrEnd,
        Key,
        Colon,
        BeforeValue,
        Value,
        MemberEnd,
        Between,
        Closing,
    }

    /// <inheritdoc/>
    public override ReadStep Take(char c)
    {
        if (_state == State.Value)
        {
            return InValue(c);
        }

        if (_state == State.Key)
        {
            return InKey(c);
        }

        if (_state is State.Between or State.Closing)
        {
            return InBetween(c);
        }

        return char.IsWhiteSpace(c) ? ReadStep.More : InStructure(c);
    }

    /// <inheritdoc/>
    public override bool End() => _state is State.Between or State.Closing;

    private ReadStep InStructure(char c)
    {
        switch (_state, c)
        {
            case (State.Start, '[') when !_isList:
                _isList = true;
                return ReadStep.More;
            case (State.Start, '{'):
                (_name, _id, _arguments, _isStreaming) = (null, null, null, false);
                return To(State.KeyOrEnd);
            case (State.Start, ']') when _isList:
                return To(State.Closing);
            case (State.KeyOrEnd, '"'):
                _key.Clear();
                _relay = new JsonRelay(text => _key.Append(text));
                _state = State.Key;
                return _relay.Take(c);
            case (State.Colon, ':'):
                return To(State.BeforeValue);
            case (State.BeforeValue, _):
                return BeginValue(c);
            case (State.MemberEnd, ','):
                return To(State.KeyOrEnd);
            case (State.MemberEnd or State.KeyOrEnd, '}'):
                return EndObject();
            default:
                return ReadStep.FailedBefore;
        }
    }

    private ReadStep InKey(char c)
    {
        ReadStep step = _relay!.Take(c);
        return step == ReadStep.Done ? To(State.Colon) : step;
    }

    private ReadStep BeginValue(char c)
    {
        string key = JsonPieces.Unquote(_key.ToString()) ?? "";
        _key.Clear().Append(key);
        _value.Clear();
        _isStreaming = c == '{' && s_arguments.Contains(key) && _name is not null && !idComesLast;
        if (_isStreaming && !sink.Start(_name!, _id))
        {
            return ReadStep.FailedBefore;
        }

        _relay = new JsonRelay(_isStreaming ? sink.Arguments : text => _value.Append(text));
        _state = State.Value;
        return InValue(c);
    }

    private ReadStep InValue(char c)
    {
        ReadStep step = _relay!.Take(c);
        if (step is not (ReadStep.Done or ReadStep.DoneBefore))
        {
            return step;
        }

        string key = _key.ToString();
        if (s_names.Contains(key))
        {
            string value = _value.ToString();
            _name ??= JsonPieces.Unquote(value) ?? JsonPieces.Unquote(JsonPieces.Member(value, "name") ?? "");
            _arguments ??= s_arguments.Select(a => JsonPieces.Member(value, a)).FirstOrDefault(a => a is not null);
        }
        else if (s_ids.Contains(key))
        {
            _id ??= JsonPieces.Unquote(_value.ToString());
        }
        else if (s_arguments.Contains(key))
        {
            _arguments = _isStreaming ? "" : _value.ToString();
        }

        _state = State.MemberEnd;
        return step == ReadStep.Done ? ReadStep.More : Take(c);
    }

    private ReadStep EndObject()
    {
        if (!sink.IsOpen && !StartWhole())
        {
            return ReadStep.FailedBefore;
        }

        sink.End();
        return To(State.Between);
    }

    // The name came behind the arguments, or there are none, or they are a text that holds JSON.
    private bool StartWhole()
    {
        string arguments = (_arguments is { } given && given.StartsWith('"') ? JsonPieces.Unquote(given) : _arguments) ?? "";
        arguments = arguments.Trim() is "" or "null" ? "{}" : arguments;

        if (_name is null || JsonPieces.KindOf(arguments) != System.Text.Json.JsonValueKind.Object || !sink.Start(_name, _id))
        {
            return false;
        }

        sink.Arguments(arguments);
        return true;
    }

    private ReadStep InBetween(char c)
    {
        if (_close is { IsHolding: true })
        {
            return InClose(c);
        }

        if (char.IsWhiteSpace(c) || (c is ',' or ';' && _state == State.Between))
        {
            return ReadStep.More;
        }

        if (c == '{' && _state == State.Between)
        {
            _state = State.Start;
            return InStructure(c);
        }

        if (c == ']' && _isList && _state == State.Between)
        {
            return To(State.Closing);
        }

        return _close is null ? ReadStep.DoneBefore : InClose(c);
    }

    private ReadStep InClose(char c)
    {
        int found = _close!.Take(c, _plain);
        return found >= 0 ? ReadStep.Done : _plain.Length == 0 ? ReadStep.More : ReadStep.Failed;
    }

    private ReadStep To(State next)
    {
        _state = next;
        return ReadStep.More;
    }
}
