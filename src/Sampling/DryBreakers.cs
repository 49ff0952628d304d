using System.Text;

namespace LayerStream.Sampling;

/// <summary>
/// Which tokens of a history end a sequence: those in which some breaker's text ends, wherever it began, and those without text, such
/// as control tokens (only where the chain knows texts). Follows a growing history at the cost of the new tokens.
/// </summary>
internal sealed class DryBreakers
{
    private const int Start = 0;
    private readonly StopAutomaton _automaton;
    private readonly List<Place> _places = [];

    public DryBreakers(IReadOnlyList<string> texts)
    {
        _automaton = new StopAutomaton([.. texts.Select(text => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)))]);
    }

    /// <summary>Whether the token at this place of the history followed last is a breaker.</summary>
    public bool this[int place] => _places[place].Breaks;

    /// <summary>Takes over a history; what it shares with the one before is not looked at again.</summary>
    public void Follow(SamplerContext context)
    {
        IReadOnlyList<int> history = context.History;
        int same = 0;
        while (same < history.Count && same < _places.Count && _places[same].Id == history[same])
        {
            same++;
        }

        _places.RemoveRange(same, _places.Count - same);
        int state = same == 0 ? Start : _places[same - 1].State;
        for (int i = same; i < history.Count; i++)
        {
            ReadOnlySpan<byte> text = context.TokenBytes(history[i]).Span;
            bool breaks = context.KnowsTexts && text.IsEmpty;
            foreach (byte b in text)
            {
                state = _automaton.Step(state, (char)b);
                breaks |= _automaton.MatchLength(state) > 0;
            }

            _places.Add(new Place(history[i], state, breaks));
        }
    }

    private readonly record struct Place(int Id, int State, bool Breaks);
}
