using LayerStream.Sampling.Grammars.Json.Numbers;
using LayerStream.Sampling.Grammars.Json.Schemas;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>Before a value.</summary>
internal sealed class ValueState : JsonState
{
    private readonly Frame _frame;
    private readonly (Shape Shape, int[] Links)[] _shapes;
    private readonly int _space;

    private ValueState(Frame frame, (Shape Shape, int[] Links)[] shapes, int space)
        : base(frame.Language)
    {
        (_frame, _shapes, _space) = (frame, shapes, space);
    }

    /// <inheritdoc/>
    public override bool IsAccepting => false;

    /// <inheritdoc/>
    public override int Needed(EndCosts costs)
    {
        int least = EndCosts.Far;
        foreach ((Shape shape, int[] links) in _shapes)
        {
            least = Math.Min(least, EndCosts.Sum(costs.Of(shape), _frame.NeededBehind(links, costs)));
        }

        return least;
    }

    /// <summary>The state before a value that meets what each of some threads asks for; null when none can be met.</summary>
    public static ValueState? Of(JsonLanguage language, Frame frame, IEnumerable<(Condition Condition, int Thread)> threads)
    {
        Dictionary<Shape, List<int>> links = [];
        foreach ((Condition condition, int thread) in threads)
        {
            foreach (Shape shape in language.Shapes.Of(condition))
            {
                if (!links.TryGetValue(shape, out List<int>? list))
                {
                    links[shape] = list = [];
                }

                list.Add(thread);
            }
        }

        return links.Count == 0 ? null
            : new ValueState(frame, [.. links.Select(l => (l.Key, Frame.Union([[.. l.Value]])))], WhiteSpace.None);
    }

    /// <inheritdoc/>
    public override GrammarState? Next(byte value)
    {
        JsonLanguage language = _frame.Language;
        if (WhiteSpace.Add(_space, value, language.Checks) is int space)
        {
            return new ValueState(_frame, _shapes, space);
        }

        switch (value)
        {
            case (byte)'"':
                (TextRule[] texts, int[][] links) = Group(s => (s.Types & JsonTypes.Text) != 0 ? s.Text : null);
                TextState? inside = language.Matchers.StateOf([.. texts.Select(language.Matchers.Of)], isEnd: false);
                return inside is null ? null : new TextValueState(inside, _frame, links);
            case (byte)'{':
                (ObjectRule[] objects, int[][] objectLinks) = Group(
                    s => (s.Types & JsonTypes.Object) != 0 && language.Fits(_frame, s.Object!) ? s.Object : null);
                return ObjectFrame.Begin(_frame, objects, objectLinks);
            case (byte)'[':
                (ArrayRule[] arrays, int[][] arrayLinks) = Group(
                    s => (s.Types & JsonTypes.Array) != 0 && language.Fits(_frame, s.Array!) ? s.Array : null);
                return ArrayFrame.Begin(_frame, arrays, arrayLinks);
            case (byte)'t':
                return Literal(JsonTypes.True, "true");
            case (byte)'f':
                return Literal(JsonTypes.False, "false");
            case (byte)'n':
                return Literal(JsonTypes.Null, "null");
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                (NumberRule[] numbers, int[][] numberLinks) = Group(s => (s.Types & JsonTypes.Number) != 0 ? s.Number : null);
                return NumberState.Begin(_frame, numbers, numberLinks, value);
            default:
                return null;
        }
    }

    private LiteralState? Literal(JsonTypes type, string text)
    {
        int[] links = Frame.Union(_shapes.Where(s => (s.Shape.Types & type) != 0).Select(s => s.Links));
        return links.Length == 0 ? null : new LiteralState(text, 1, _frame, links);
    }

    private (T[] Rules, int[][] Links) Group<T>(Func<Shape, T?> rule)
        where T : class
    {
        List<IGrouping<T, int[]>> groups = [.. _shapes.Where(s => rule(s.Shape) is not null).GroupBy(s => rule(s.Shape)!, s => s.Links)];
        return ([.. groups.Select(g => g.Key)], [.. groups.Select(Frame.Union)]);
    }
}
