using LayerStream.Sampling.Grammars.Json.Numbers;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>In a number, which ends where something stands that is not of it.</summary>
internal sealed class NumberState : JsonState
{
    private readonly Frame _frame;
    private readonly NumberRule?[] _rules;
    private readonly int[][] _links;
    private readonly NumberText _text;
    private JsonState? _ended;
    private bool _isEnded;

    private NumberState(Frame frame, NumberRule?[] rules, int[][] links, NumberText text)
        : base(frame.Language)
    {
        (_frame, _rules, _links, _text) = (frame, rules, links, text);
    }

    /// <summary>What is around the number.</summary>
    public Frame Frame => _frame;

    /// <inheritdoc/>
    public override bool IsAccepting => Ended is { IsAccepting: true };

    /// <summary>What stands behind the number, if it ends here.</summary>
    public JsonState? Ended
    {
        get
        {
            if (!_isEnded)
            {
                int[] threads = !_text.IsComplete ? []
                    : Frame.Union(_links.Where((_, i) => _rules[i] is { } rule && rule.Accepts(_text.Value)));
                _ended = threads.Length == 0 ? null : _frame.ChildEnded(threads);
                _isEnded = true;
            }

            return _ended;
        }
    }

    /// <summary>The state behind the first byte, or null.</summary>
    public static NumberState? Begin(Frame frame, NumberRule[] rules, int[][] links, byte value) =>
        NumberText.Begin(value) is { } text ? Of(frame, rules, links, text) : null;

    /// <inheritdoc/>
    public override int Needed(EndCosts costs)
    {
        int least = EndCosts.Far;
        for (int i = 0; i < _rules.Length; i++)
        {
            least = _rules[i] is { } rule && NumberEnding.Behind(rule, _text) is int signs
                ? Math.Min(least, EndCosts.Sum(signs, _frame.NeededBehind(_links[i], costs))) : least;
        }

        return least;
    }

    /// <inheritdoc/>
    public override GrammarState? Next(byte value)
    {
        bool checks = _frame.Language.Checks;
        if (IsOfNumber(value))
        {
            int integers = _rules.Max(r => r?.IntegerDigits ?? 0), fractions = _rules.Max(r => r?.FractionDigits ?? 0);
            return _text.Next(value, integers, fractions, checks) is { } text ? Of(_frame, _rules, _links, text) : null;
        }

        return Ended?.Next(value);
    }

    /// <summary>Whether a byte may stand in a number.</summary>
    public static bool IsOfNumber(byte value) =>
        value is (>= (byte)'0' and <= (byte)'9') or (byte)'.' or (byte)'e' or (byte)'E' or (byte)'+' or (byte)'-';

    private static NumberState? Of(Frame frame, NumberRule?[] rules, int[][] links, NumberText text)
    {
        NumberRule?[] left = [.. rules.Select(r => r is not null && r.CanFollow(text, frame.Language.Checks) ? r : null)];
        return Array.TrueForAll(left, r => r is null) ? null : new NumberState(frame, left, links, text);
    }
}
