using LayerStream.Sampling.Grammars.Json.Schemas;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>How deep values must nest at least, so that a value under way can always be ended within the levels that are left.</summary>
internal sealed class NestingNeeds
{
    private readonly ShapeTable _shapes;
    private readonly int _endless;
    private readonly Dictionary<int, int> _ofCondition = [];
    private readonly Dictionary<ArrayRule, int> _ofArray = [];
    private readonly Dictionary<ObjectRule, int> _ofObject = [];

    /// <summary>No needs yet.</summary>
    /// <param name="shapes">The shapes.</param>
    /// <param name="mostDepth">Levels there are.</param>
    public NestingNeeds(ShapeTable shapes, int mostDepth) => (_shapes, _endless) = (shapes, mostDepth + 1);

    /// <summary>Works out the needs of conditions.</summary>
    /// <param name="conditions">All that are not known yet, those of outer values first.</param>
    public void Add(IReadOnlyList<Condition> conditions)
    {
        bool isChanged = true;
        while (isChanged)
        {
            isChanged = false;
            for (int i = conditions.Count - 1; i >= 0; i--)
            {
                isChanged |= Update(conditions[i]);
            }
        }
    }

    /// <summary>Levels that a value needs.</summary>
    public int Of(Condition condition) => _ofCondition.GetValueOrDefault(condition.Id, _endless);

    /// <summary>Levels that an array needs, its own too.</summary>
    public int Of(ArrayRule rule) => _ofArray.GetValueOrDefault(rule, _endless);

    /// <summary>Levels that an object needs, its own too.</summary>
    public int Of(ObjectRule rule) => _ofObject.GetValueOrDefault(rule, _endless);

    private bool Update(Condition condition)
    {
        int least = _endless;
        foreach (Shape shape in _shapes.Of(condition))
        {
            least = (shape.Types & ~(JsonTypes.Array | JsonTypes.Object)) != 0 ? 0 : least;
            if ((shape.Types & JsonTypes.Array) != 0 && shape.Array is { } array)
            {
                _ofArray[array] = Math.Min(_endless, 1 + Inside(array));
                least = Math.Min(least, _ofArray[array]);
            }

            if ((shape.Types & JsonTypes.Object) != 0 && shape.Object is { } members)
            {
                _ofObject[members] = Math.Min(_endless, 1 + Inside(members));
                least = Math.Min(least, _ofObject[members]);
            }
        }

        bool isChanged = least != Of(condition);
        _ofCondition[condition.Id] = least;
        return isChanged;
    }

    private int Inside(ArrayRule rule)
    {
        int needed = 0;
        for (int i = 0; i < rule.Least && i <= rule.Cap; i++)
        {
            needed = Math.Max(needed, Of(rule.ItemAt(i, 0)));
        }

        for (int c = 0; c < rule.Containments.Length; c++)
        {
            if (rule.Containments[c].Least > 0)
            {
                int choice = 1 << c, from = rule.Containments[c].From;
                needed = Math.Max(needed, Enumerable.Range(from, Math.Max(0, rule.Cap + 1 - from)).Where(i => i < rule.Most)
                    .Select(i => Of(rule.ItemAt(i, choice))).DefaultIfEmpty(_endless).Min());
            }
        }

        return needed;
    }

    private int Inside(ObjectRule rule)
    {
        int needed = 0;
        List<int> optional = [];
        for (int name = 0; name < rule.Names.Length; name++)
        {
            int own = rule.IsAllowed[name] ? Of(rule.ValueOf(name, 0, 0)) : _endless;
            needed = Math.Max(needed, rule.IsRequired[name] ? own : 0);
            if (!rule.IsRequired[name])
            {
                optional.Add(own);
            }
        }

        for (int p = 0; p < rule.Presences.Length; p++)
        {
            int choice = 1 << p;
            needed = Math.Max(needed, Enumerable.Range(0, rule.Names.Length).Where(n => rule.Choices(n, 0).Contains(choice))
                .Select(n => Of(rule.ValueOf(n, 0, choice)))
                .Concat(rule.Signatures.Where(s => rule.Choices(-1, s).Contains(choice)).Select(s => Of(rule.ValueOf(-1, s, choice))))
                .DefaultIfEmpty(_endless).Min());
        }

        if (rule.Least > rule.RequiredCount)
        {
            int more = rule.Least - rule.RequiredCount;
            int other = rule.AllowsOther ? rule.Signatures.Min(s => Of(rule.ValueOf(-1, s, 0))) : _endless;
            optional.Sort();
            needed = Math.Max(needed, Math.Min(other, more <= optional.Count ? optional[more - 1] : _endless));
        }

        return needed;
    }
}
