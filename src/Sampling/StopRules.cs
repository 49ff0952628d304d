using System.Text;

namespace LayerStream.Sampling;

/// <summary>
/// Ends a reply at a stop token or a stop string. Text that could be the start of a stop string is held back until the next
/// token decides; the stop string itself is never emitted. Linear in the length of the text, whatever the strings.
/// One instance per reply.
/// </summary>
public sealed class StopRules
{
    private readonly IReadOnlySet<int> _stopIds;
    private readonly bool _ignoreEos;
    private readonly StopAutomaton _automaton;
    private readonly StringBuilder _held = new();
    private int _state;
    private bool _isStopped;

    /// <summary>Makes the rules of one reply.</summary>
    /// <param name="stopIds">Tokens that end a reply (end of generation).</param>
    /// <param name="stopStrings">Texts that end a reply; none may be empty.</param>
    /// <param name="ignoreEos">True = the stop tokens do not count.</param>
    /// <exception cref="ArgumentException">A stop string is null or empty.</exception>
    public StopRules(IReadOnlySet<int> stopIds, IReadOnlyList<string> stopStrings, bool ignoreEos)
    {
        ArgumentNullException.ThrowIfNull(stopIds);
        ArgumentNullException.ThrowIfNull(stopStrings);
        if (stopStrings.Any(string.IsNullOrEmpty))
        {
            throw new ArgumentException("A stop string must not be empty.", nameof(stopStrings));
        }
        _stopIds = stopIds;
        _ignoreEos = ignoreEos;
        _automaton = new StopAutomaton(stopStrings);
    }

    /// <summary>The stop string that ended the reply; null if none did.</summary>
    public string? MatchedString { get; private set; }

    /// <summary>Takes the next token and the text it added.</summary>
    /// <param name="token">The token's id.</param>
    /// <param name="appendedText">What the token added to the reply's text; not used if the token is a stop token.</param>
    public StopDecision Check(int token, string appendedText)
    {
        ArgumentNullException.ThrowIfNull(appendedText);
        if (_isStopped)
        {
            return new StopDecision(true, "", "stop");
        }
        if (!_ignoreEos && _stopIds.Contains(token))
        {
            string rest = Flush();
            _isStopped = true;
            return new StopDecision(true, rest, "stop");
        }
        return Append(appendedText);
    }

    /// <summary>Also for text without a token, such as the detokenizer's rest. See <see cref="Check"/>.</summary>
    public StopDecision Append(string text)
    {
        if (_isStopped)
        {
            return new StopDecision(true, "", "stop");
        }
        foreach (char next in text)
        {
            _held.Append(next);
            _state = _automaton.Step(_state, next);
            int matched = _automaton.MatchLength(_state);
            if (matched > 0)
            {
                MatchedString = _held.ToString(_held.Length - matched, matched);
                string before = _held.ToString(0, _held.Length - matched);
                _held.Clear();
                _isStopped = true;
                return new StopDecision(true, before, "stop");
            }
        }
        int safe = _held.Length - _automaton.Depth(_state);
        string emitted = _held.ToString(0, safe);
        _held.Remove(0, safe);
        return new StopDecision(false, emitted, null);
    }

    /// <summary>At the end of a reply for another reason: the text still held back.</summary>
    public string Flush()
    {
        string rest = _held.ToString();
        _held.Clear();
        _state = 0;
        return rest;
    }
}
