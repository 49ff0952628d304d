using LayerStream.Sampling.Grammars.Regular;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Conditions of one schema, each combination made once.</summary>
internal sealed class ConditionTable
{
    private readonly Dictionary<string, Condition> _combinations = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Pattern, bool IsWhole), Dfa> _texts = [];
    private int _count;

    /// <summary>A table with the two constant conditions.</summary>
    public ConditionTable()
    {
        True = Types(JsonTypes.All);
        False = Types(JsonTypes.None);
    }

    /// <summary>Holds for every value.</summary>
    public Condition True { get; }

    /// <summary>Holds for none.</summary>
    public Condition False { get; }

    /// <summary>The value is of one of these types.</summary>
    public Condition Types(JsonTypes types) => Intern($"t{(int)types}", () => new TypeCondition(types));

    /// <summary>A schema at a place, or its contrary.</summary>
    public Condition Link(string place, bool isNegated) =>
        Intern($"{(isNegated ? '-' : '+')}{place}", () => new LinkCondition(place, isNegated));

    /// <summary>The texts in which a pattern is found, or those that it describes as a whole; the automaton is made once.</summary>
    public Dfa Texts(string pattern, bool isWhole) => _texts.TryGetValue((pattern, isWhole), out Dfa? known) ? known
        : _texts[(pattern, isWhole)] = isWhole ? Dfa.Of(RegexParser.Parse(pattern)) : RegexParser.Search(pattern);

    /// <summary>A constraint of its own.</summary>
    public T Add<T>(T condition)
        where T : Condition
    {
        if (_count == GrammarLimits.Shapes * 4)
        {
            throw GrammarException.Limit("conditions", $"The schema needs more than {GrammarLimits.Shapes * 4} conditions.");
        }

        condition.Id = _count++;
        return condition;
    }

    /// <summary>All hold.</summary>
    public Condition All(params IEnumerable<Condition> parts)
    {
        SortedDictionary<int, Condition> flat = [];
        foreach (Condition part in parts.SelectMany(p => p is AllCondition all ? all.Parts : [p]))
        {
            if (part == False)
            {
                return False;
            }

            if (part != True)
            {
                flat[part.Id] = part;
            }
        }

        return flat.Count == 0 ? True : flat.Count == 1 ? flat.First().Value
            : Intern($"&{string.Join(',', flat.Keys)}", () => new AllCondition([.. flat.Values]));
    }

    /// <summary>At least one holds.</summary>
    public Condition Any(params IEnumerable<Condition> parts)
    {
        SortedDictionary<int, Condition> flat = [];
        foreach (Condition part in parts.SelectMany(p => p is AnyCondition any ? any.Parts : [p]))
        {
            if (part == True)
            {
                return True;
            }

            if (part != False)
            {
                flat[part.Id] = part;
            }
        }

        return flat.Count == 0 ? False : flat.Count == 1 ? flat.First().Value
            : Intern($"|{string.Join(',', flat.Keys)}", () => new AnyCondition([.. flat.Values]));
    }

    private Condition Intern(string key, Func<Condition> create)
    {
        if (!_combinations.TryGetValue(key, out Condition? condition))
        {
            condition = _combinations[key] = Add(create());
        }

        return condition;
    }
}
