using LayerStream.Sampling.Grammars.Json.Numbers;
using LayerStream.Sampling.Grammars.Regular;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Turns conditions into alternatives of constraints that hold together, each alternative one that values can meet.</summary>
internal sealed class ShapeTable
{
    private const int DeepestLook = 64; // levels of values looked into to find out whether there is a value at all

    private readonly SchemaReader _reader;
    private readonly Dictionary<string, Rule> _read = new(StringComparer.Ordinal);
    private readonly Dictionary<int, Shape[]> _alternatives = [];
    private readonly Dictionary<int, int> _open = []; // condition under way → level of the value
    private readonly Dictionary<string, Shape?> _shapes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TextRule> _texts = new(StringComparer.Ordinal);
    private int _level;
    private int _links;
    private int _count;
    private int _rules;

    /// <summary>A table of one schema.</summary>
    public ShapeTable(SchemaDocument document)
    {
        Conditions = new ConditionTable();
        _reader = new SchemaReader(document, Conditions, TextsOf);
    }

    /// <summary>The conditions.</summary>
    public ConditionTable Conditions { get; }

    /// <summary>The alternatives of a condition; none = no value meets it.</summary>
    /// <exception cref="GrammarException">It leads back to itself, needs too much, or is not supported.</exception>
    public Shape[] Of(Condition condition) => Expand(condition) ?? throw Circular();

    /// <summary>Whether some value meets a condition; yes where that is under way or too deep to find out.</summary>
    public bool IsSatisfiable(Condition condition)
    {
        if (_alternatives.TryGetValue(condition.Id, out Shape[]? known))
        {
            return known.Length > 0;
        }

        if (_level >= DeepestLook)
        {
            return true;
        }

        (int links, _links) = (_links, 0);
        _level++;
        try
        {
            return Expand(condition) is not { Length: 0 };
        }
        finally
        {
            _level--;
            _links = links;
        }
    }

    /// <summary>The alternatives of a condition, or null where it is under way.</summary>
    public Shape[]? Find(Condition condition)
    {
        (int links, _links) = (_links, 0);
        _level++;
        try
        {
            return _level > DeepestLook ? null : Expand(condition);
        }
        finally
        {
            _level--;
            _links = links;
        }
    }

    // null = it depends on a condition that is under way for a value around this one.
    private Shape[]? Expand(Condition condition)
    {
        if (_alternatives.TryGetValue(condition.Id, out Shape[]? known))
        {
            return known;
        }

        if (_open.TryGetValue(condition.Id, out int level))
        {
            return level == _level ? throw Circular() : null;
        }

        _open[condition.Id] = _level;
        try
        {
            Shape[]? shapes = condition switch
            {
                TypeCondition types => Single(types.Types, []),
                Constraint constraint => Single(JsonTypes.All, [constraint]),
                LinkCondition link => Follow(link),
                AllCondition all => All(all.Parts),
                AnyCondition any => Any(any.Parts),
                OneCondition one => One(one.Parts),
                RefusedCondition refused => throw GrammarException.Unsupported(refused.Keyword, refused.Message),
                _ => throw new InvalidOperationException($"{condition.GetType().Name} has no alternatives."),
            };
            return shapes is null ? null : _alternatives[condition.Id] = shapes;
        }
        finally
        {
            _open.Remove(condition.Id);
        }
    }

    private Shape[] Single(JsonTypes types, Constraint[] constraints) => Intern(types, constraints) is { } shape ? [shape] : [];

    private Shape[]? Follow(LinkCondition link)
    {
        if (++_links > GrammarLimits.Nesting)
        {
            throw GrammarException.Limit("nesting", $"More than {GrammarLimits.Nesting} references lead from one to the next.");
        }

        if (!_read.TryGetValue(link.Place, out Rule rule))
        {
            rule = _read[link.Place] = _reader.Read(link.Place);
        }

        Shape[]? shapes = Expand(link.IsNegated ? rule.Fails : rule.Holds);
        _links--;
        return shapes;
    }

    private Shape[]? All(Condition[] parts)
    {
        Shape[]? result = Single(JsonTypes.All, []);
        foreach (Condition part in parts)
        {
            if (Expand(part) is not { } next)
            {
                return null;
            }

            HashSet<Shape> merged = [];
            foreach (Shape a in result)
            {
                foreach (Shape b in next)
                {
                    if (Intern(a.Types & b.Types, a.Constraints.Union(b.Constraints)) is { } shape)
                    {
                        Take(merged, shape);
                    }
                }
            }

            result = [.. merged];
        }

        return result;
    }

    private Shape[]? Any(Condition[] parts)
    {
        HashSet<Shape> result = [];
        foreach (Condition part in parts)
        {
            if (Expand(part) is not { } next)
            {
                return null;
            }

            foreach (Shape shape in next)
            {
                Take(result, shape);
            }
        }

        Shape? free = result.FirstOrDefault(s => s.Types == JsonTypes.All && s.Constraints.Length == 0);
        return free is null ? [.. result] : [free];
    }

    private Shape[]? One((Condition Holds, Condition Fails)[] parts)
    {
        Condition[] choices = new Condition[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            int own = i;
            // What cannot hold together with this one need not be ruled out.
            choices[i] = Conditions.All(parts.Where((p, j) => j != own && IsSatisfiable(Conditions.All(p.Holds, parts[own].Holds)))
                .Select(p => p.Fails).Prepend(parts[i].Holds));
        }

        return Any(choices);
    }

    private static void Take(HashSet<Shape> shapes, Shape shape)
    {
        shapes.Add(shape);
        if (shapes.Count > GrammarLimits.Alternatives)
        {
            throw GrammarException.Limit("alternatives", $"A value of the schema has more than {GrammarLimits.Alternatives} alternatives.");
        }
    }

    private Shape? Intern(JsonTypes types, IEnumerable<Constraint> constraints)
    {
        Constraint[] kept = [.. constraints.Where(c => (c.Scope & types) != 0).OrderBy(c => c.Id)];
        string key = $"{(int)types}:{string.Join(',', kept.Select(c => c.Id))}";
        if (_shapes.TryGetValue(key, out Shape? known))
        {
            return known;
        }

        Shape? shape = Create(types, kept, out JsonTypes possible);
        shape = possible == types ? shape : possible == JsonTypes.None ? null : Intern(possible, kept);
        return _shapes[key] = shape;
    }

    private Shape? Create(JsonTypes types, Constraint[] constraints, out JsonTypes possible)
    {
        NumberRule? number = null;
        TextRule? text = null;
        ArrayRule? array = null;
        ObjectRule? members = null;
        if ((types & JsonTypes.Number) != 0)
        {
            NumberConstraint[] numbers = [.. constraints.OfType<NumberConstraint>()];
            types &= ~Impossible(numbers, types & JsonTypes.Number);
            number = NumberOf(numbers, types);
        }

        if ((types & JsonTypes.Text) != 0)
        {
            text = TextOf([.. constraints.OfType<TextConstraint>()]);
            types &= text.HasText ? JsonTypes.All : ~JsonTypes.Text;
        }

        if ((types & JsonTypes.Array) != 0)
        {
            array = new ArrayRule([.. constraints.OfType<ArrayConstraint>()], this);
            types &= array.IsPossible ? JsonTypes.All : ~JsonTypes.Array;
        }

        if ((types & JsonTypes.Object) != 0)
        {
            members = new ObjectRule(_rules++, [.. constraints.OfType<ObjectConstraint>()], this);
            types &= members.IsPossible ? JsonTypes.All : ~JsonTypes.Object;
        }

        possible = types;
        if (++_count > GrammarLimits.Shapes)
        {
            throw GrammarException.Limit("shapes", $"The schema needs more than {GrammarLimits.Shapes} different values.");
        }

        return types == JsonTypes.None ? null
            : new Shape(_count, types, constraints) { Number = number, Text = text, Array = array, Object = members };
    }

    private static JsonTypes Impossible(NumberConstraint[] constraints, JsonTypes types)
    {
        JsonTypes impossible = JsonTypes.None;
        foreach (JsonTypes type in new[] { JsonTypes.Integer, JsonTypes.Fraction })
        {
            impossible |= (types & type) != 0 && !NumberOf(constraints, type).HasNumber ? type : JsonTypes.None;
        }

        NumberRange range = constraints.Aggregate(NumberRange.All, (r, c) => r.Intersect(c.Range));
        bool isWhole = (range.Low is JsonNumber low && range.High is JsonNumber high && low == high && low.IsInteger)
            || Array.Exists(constraints, c => c is { Step: { IsInteger: true }, StepIsNegated: false });
        return impossible | (isWhole ? JsonTypes.Fraction : JsonTypes.None);
    }

    private static NumberRule NumberOf(NumberConstraint[] constraints, JsonTypes types) => new(
        constraints.Aggregate(NumberRange.All, (range, c) => range.Intersect(c.Range)),
        [.. constraints.Where(c => !c.StepIsNegated).Select(c => c.Step).OfType<JsonNumber>()],
        [.. constraints.Where(c => c.StepIsNegated).Select(c => c.Step).OfType<JsonNumber>()],
        (types & JsonTypes.Integer) != 0,
        (types & JsonTypes.Fraction) != 0);

    private TextRule TextOf(TextConstraint[] constraints)
    {
        string key = string.Join(',', constraints.Select(c => c.Id));
        return _texts.TryGetValue(key, out TextRule? known) ? known : _texts[key] = TextRule.Of(constraints);
    }

    private Dfa TextsOf(Condition condition)
    {
        Dfa[] texts = [.. Of(condition).Select(s => s.Text).OfType<TextRule>().Select(t => t.ToDfa()).Distinct()];
        return texts.Length == 0 ? Dfa.Of(new PatternSet(CodePointSet.Empty)) : Dfa.Unite(texts);
    }

    private static GrammarException Circular() =>
        GrammarException.Syntax("$ref", "A reference leads back to itself without a member or an element between.");
}
