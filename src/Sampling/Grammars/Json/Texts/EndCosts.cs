using LayerStream.Sampling.Grammars.Json.Numbers;
using LayerStream.Sampling.Grammars.Json.Schemas;
using LayerStream.Sampling.Grammars.Regular;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>
/// How many tokens the shortest values, members and ends of texts take at most: a value's parts are counted one by one, so tokens
/// that span two of them only save some. Of one vocabulary; for one sequence at a time.
/// </summary>
internal sealed class EndCosts
{
    /// <summary>As good as never.</summary>
    public const int Far = CheapestTexts.None;

    private const int Steps = 4; // parts of a value that one token may open

    private readonly ShapeTable _shapes;
    private readonly TokenCount _count;
    private readonly Dictionary<int, int> _ofCondition = [];
    private readonly Dictionary<NumberRule, int> _ofNumber = [];
    private readonly Dictionary<Dfa, CheapestTexts> _texts = [];
    private readonly Dictionary<(Dfa Dfa, int State), int> _ofText = [];
    private readonly Dictionary<(ObjectRule Rule, int Name, int Depth), int> _ofName = [];
    private readonly Dictionary<(ObjectRule Rule, int Choice), CheapestTexts> _others = [];
    private bool _isSettled;

    /// <summary>No costs yet.</summary>
    /// <param name="shapes">The shapes.</param>
    /// <param name="count">Counts tokens.</param>
    public EndCosts(ShapeTable shapes, TokenCount count) => (_shapes, _count) = (shapes, count);

    /// <summary>Works out the costs of values.</summary>
    /// <param name="conditions">All that are not known yet, those of outer values first.</param>
    public void Add(IReadOnlyList<Condition> conditions)
    {
        _isSettled = false;
        for (bool isChanged = true; isChanged;)
        {
            isChanged = false;
            for (int i = conditions.Count - 1; i >= 0; i--)
            {
                int cost = _shapes.Of(conditions[i]).Select(Of).DefaultIfEmpty(Far).Min();
                isChanged |= cost != Of(conditions[i]);
                _ofCondition[conditions[i].Id] = cost;
            }
        }

        _isSettled = true;
        Growth = (int)Math.Min(Far, 16 + (Steps * (long)_ofCondition.Values.Where(c => c < Far).DefaultIfEmpty(0).Max()));
    }

    /// <summary>How much further from its end one token can bring a text.</summary>
    public int Growth { get; private set; }

    /// <summary>The sum of costs, at most <see cref="Far"/>.</summary>
    public static int Sum(int a, int b) => Math.Min(Far, a + b);

    /// <summary>A value.</summary>
    public int Of(Condition condition) => _ofCondition.GetValueOrDefault(condition.Id, Far);

    /// <summary>Some bytes.</summary>
    public int Of(ReadOnlySpan<byte> text) => _count(text);

    /// <summary>A value of a shape.</summary>
    public int Of(Shape shape)
    {
        int least = (shape.Types & JsonTypes.Null) != 0 ? Of("null"u8) : Far;
        least = (shape.Types & JsonTypes.True) != 0 ? Math.Min(least, Of("true"u8)) : least;
        least = (shape.Types & JsonTypes.False) != 0 ? Math.Min(least, Of("false"u8)) : least;
        if ((shape.Types & JsonTypes.Number) != 0 && shape.Number is { } number)
        {
            least = Math.Min(least, Of(number));
        }

        if ((shape.Types & JsonTypes.Text) != 0 && shape.Text is { } text)
        {
            least = Math.Min(least, Sum(2, Inside(text, 0, text.Texts.Start, [])));
        }

        if ((shape.Types & JsonTypes.Array) != 0 && shape.Array is { } array)
        {
            least = Math.Min(least, Sum(1, Elements(array, 0, 0, isFirst: true)));
        }

        if ((shape.Types & JsonTypes.Object) != 0 && shape.Object is { } members)
        {
            least = Math.Min(least, Sum(1, Members(new ObjectThread(members, []) { Missing = members.RequiredCount }, isFirst: true)));
        }

        return least;
    }

    /// <summary>A number.</summary>
    public int Of(NumberRule rule) =>
        _ofNumber.TryGetValue(rule, out int known) ? known : _ofNumber[rule] = NumberEnding.Of(rule) ?? Far;

    /// <summary>The rest of a text, without its closing quote.</summary>
    /// <param name="texts">Its automaton.</param>
    /// <param name="state">State of it.</param>
    /// <param name="signs">Rest of the escape in front: tokens may span both, and are counted so before the escape.</param>
    public int Inside(Dfa texts, int state, byte[] signs)
    {
        if (signs.Length == 0 && _ofText.TryGetValue((texts, state), out int known))
        {
            return known;
        }

        if (!_texts.TryGetValue(texts, out CheapestTexts? cheapest))
        {
            cheapest = _texts[texts] = new CheapestTexts(texts, s => texts.Accepts(s) ? 0 : Far, JsonText.BytesOf);
        }

        int cost = cheapest.CostFrom(state) >= Far ? Far : _count([.. signs, .. JsonText.Escaped(cheapest.TextFrom(state))]);
        if (signs.Length == 0)
        {
            _ofText[(texts, state)] = cost;
        }

        return cost;
    }

    /// <summary>The rest of a text that has a length.</summary>
    public int Inside(TextRule rule, int length, int state, byte[] signs) =>
        Math.Max(Inside(rule.Texts, state, signs), _count(signs) + rule.Least - length);

    /// <summary>The elements that an array still wants, and its end.</summary>
    public int Elements(ArrayRule rule, int index, long counts, bool isFirst)
    {
        long total = 0;
        for (int i = 0; i < rule.Containments.Length; i++)
        {
            int missing = Math.Max(0, rule.Containments[i].Least - ArrayRule.CountOf(counts, i));
            int place = Math.Min(rule.Cap, Math.Max(index, rule.Containments[i].From));
            total += missing > 0 ? missing * (1L + Of(rule.ItemAt(place, 1 << i))) : 0;
            index += missing;
        }

        for (; index < rule.Least && index < rule.Cap; index++)
        {
            total += 1L + Of(rule.ItemAt(index, 0));
        }

        total += index < rule.Least ? (rule.Least - index) * (1L + Of(rule.ItemAt(rule.Cap, 0))) : 0;
        return (int)Math.Min(Far, total + (isFirst && total > 0 ? 0 : 1)); // the first one has no comma
    }

    /// <summary>The members that an object still wants, and its end.</summary>
    public int Members(ObjectThread thread, bool isFirst)
    {
        if (thread.CanClose)
        {
            return 1;
        }

        ObjectRule rule = thread.Rule;
        long total = 0;
        int count = thread.Count;
        for (int name = 0; name < rule.Names.Length; name++)
        {
            if (rule.IsRequired[name] && !thread.Seen.Has(name))
            {
                total += Member(rule, name, 0);
                count++;
            }
        }

        for (int i = 0; i < rule.Presences.Length; i++)
        {
            total += (thread.Present & (1 << i)) == 0 ? Present(thread, 1 << i) : 0;
        }

        if (rule.Least > count)
        {
            total += More(thread, rule.Least - count);
        }

        return (int)Math.Min(Far, total + (isFirst && total > 0 ? 0 : 1));
    }

    /// <summary>A member and the comma in front of it.</summary>
    public int Member(ObjectRule rule, int name, int choice) =>
        Sum(Sum(1, Name(rule, name, -1, [])), Of(rule.ValueOf(name, 0, choice)));

    /// <summary>The rest of a name, its closing quote and the colon; at depth −1 the opening quote too.</summary>
    public int Name(ObjectRule rule, int name, int depth, byte[] signs)
    {
        if (signs.Length > 0)
        {
            return Count(signs);
        }

        return _ofName.TryGetValue((rule, name, depth), out int known) ? known
            : _ofName[(rule, name, depth)] = Count(depth < 0 ? "\""u8 : default);

        int Count(ReadOnlySpan<byte> before) =>
            _count([.. before, .. JsonText.Escaped(rule.Names[name].AsSpan(Math.Max(0, depth))), .. "\":"u8]);
    }

    /// <summary>The rest of a name that no constraint names, from a state of its automaton, and the member's value.</summary>
    public int Other(ObjectRule rule, int state, int choice)
    {
        if (!_others.TryGetValue((rule, choice), out CheapestTexts? others))
        {
            others = new CheapestTexts(rule.Others, End, JsonText.BytesOf);
            if (_isSettled)
            {
                _others[(rule, choice)] = others;
            }
        }

        return others.CostFrom(state);

        int End(int at) => rule.AllowsOtherAt(at) && rule.Choices(-1, rule.Others.Signature(at)).Contains(choice)
            ? Sum(2, Of(rule.ValueOf(-1, rule.Others.Signature(at), choice))) : Far;
    }

    private int Present(ObjectThread thread, int choice)
    {
        ObjectRule rule = thread.Rule;
        int least = Sum(2, Other(rule, rule.Others.Start, choice));
        for (int name = 0; name < rule.Names.Length; name++)
        {
            if (!thread.Seen.Has(name) && rule.IsAllowed[name] && rule.Choices(name, 0).Contains(choice))
            {
                least = Math.Min(least, Member(rule, name, choice));
            }
        }

        return least;
    }

    private long More(ObjectThread thread, int members)
    {
        ObjectRule rule = thread.Rule;
        int other = rule.AllowsOther ? Sum(2, Other(rule, rule.Others.Start, 0)) : Far;
        List<int> optional = [.. Enumerable.Range(0, rule.Names.Length)
            .Where(n => !rule.IsRequired[n] && rule.IsAllowed[n] && !thread.Seen.Has(n)).Select(n => Member(rule, n, 0)).Order()];
        long total = 0;
        for (int i = 0; i < members; i++)
        {
            total += Math.Min(other, i < optional.Count ? optional[i] : Far);
        }

        return total;
    }
}
