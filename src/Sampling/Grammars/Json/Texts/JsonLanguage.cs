using System.Text.Json;
using LayerStream.Sampling.Grammars.Json.Schemas;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>JSON texts of a schema. For one sequence at a time.</summary>
internal sealed class JsonLanguage
{
    private readonly NestingNeeds? _needs;
    private readonly List<Condition> _conditions;
    private readonly HashSet<int> _known;
    private EndCosts? _costs;

    private JsonLanguage(ShapeTable shapes, List<Condition> conditions, NestingNeeds? needs, bool checks)
    {
        Shapes = shapes;
        _conditions = conditions;
        _known = [.. conditions.Select(c => c.Id)];
        _needs = needs;
        Checks = checks;
        Matchers = new TextMatchers(checks);
    }

    /// <summary>The shapes of values.</summary>
    public ShapeTable Shapes { get; }

    /// <summary>Whether texts are only checked: then any white space, depth and form of numbers goes.</summary>
    public bool Checks { get; }

    /// <summary>Matchers of texts.</summary>
    public TextMatchers Matchers { get; }

    /// <summary>Deepest nesting.</summary>
    public int MostDepth => Checks ? GrammarLimits.CheckedDepth : GrammarLimits.GeneratedDepth;

    /// <summary>How much further from its end one token can bring a text; 0 = not worked out yet.</summary>
    public int Growth => _costs?.Growth ?? 0;

    /// <summary>The first state of the texts of a schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="checks">Whether texts are only checked.</param>
    /// <exception cref="GrammarException">The schema is not supported, or nothing meets it.</exception>
    public static GrammarState Start(JsonElement schema, bool checks)
    {
        ShapeTable shapes = new(new SchemaDocument(schema));
        Condition root = SchemaReader.Sub(shapes.Conditions, schema, "").Holds;
        List<Condition> conditions = Explore(shapes, root, []);
        NestingNeeds? needs = checks ? null : new NestingNeeds(shapes, GrammarLimits.GeneratedDepth);
        needs?.Add(conditions);
        if (shapes.Of(root).Length > 0 && needs?.Of(root) > GrammarLimits.GeneratedDepth)
        {
            throw GrammarException.Limit("nesting", $"No value of at most {GrammarLimits.GeneratedDepth} levels meets the schema.");
        }

        JsonLanguage language = new(shapes, conditions, needs, checks);
        return ValueState.Of(language, new RootFrame(language), [(root, 0)])
            ?? throw new GrammarException(GrammarFault.Empty, "schema", "No value meets the schema.");
    }

    /// <summary>What ends cost in tokens; null where texts are only checked.</summary>
    /// <param name="count">Counts tokens; the same one in every call.</param>
    public EndCosts? CostsOf(TokenCount count)
    {
        if (_costs is null && !Checks)
        {
            _costs = new EndCosts(Shapes, count);
            _costs.Add(_conditions);
        }

        return _costs;
    }

    /// <summary>Takes a condition in that came up while a text was made, with those of the values in it.</summary>
    public void Learn(Condition condition)
    {
        if (_needs is null || !_known.Add(condition.Id))
        {
            return;
        }

        List<Condition> added = Explore(Shapes, condition, _known);
        _conditions.AddRange(added);
        _needs.Add(added);
        _costs?.Add(added);
    }

    /// <summary>Whether a value can be ended within the levels that are left in a frame.</summary>
    public bool Fits(Frame frame, Condition condition) => _needs is null || frame.Depth + _needs.Of(condition) <= MostDepth;

    /// <summary>Whether an array can.</summary>
    public bool Fits(Frame frame, ArrayRule rule) => frame.Depth + (_needs?.Of(rule) ?? 1) <= MostDepth;

    /// <summary>Whether an object can.</summary>
    public bool Fits(Frame frame, ObjectRule rule) => frame.Depth + (_needs?.Of(rule) ?? 1) <= MostDepth;

    // Meets every limit now, and not in the middle of an answer.
    private static List<Condition> Explore(ShapeTable shapes, Condition root, HashSet<int> seen)
    {
        seen.Add(root.Id);
        List<Condition> found = [root];
        for (int i = 0; i < found.Count; i++)
        {
            found.AddRange(shapes.Of(found[i]).SelectMany(Inner).Where(inner => seen.Add(inner.Id)));
        }

        return found;
    }

    private static IEnumerable<Condition> Inner(Shape shape)
    {
        if ((shape.Types & JsonTypes.Array) != 0 && shape.Array is { } array)
        {
            for (int i = 0; i <= array.Cap && i < array.Most; i++)
            {
                foreach (int choice in array.Choices(i))
                {
                    yield return array.ItemAt(i, choice);
                }
            }
        }

        if ((shape.Types & JsonTypes.Object) != 0 && shape.Object is { } members)
        {
            for (int i = 0; i < members.Names.Length; i++)
            {
                foreach (int choice in members.Choices(i, 0))
                {
                    yield return members.ValueOf(i, 0, choice);
                }
            }

            foreach (ulong signature in members.Signatures)
            {
                foreach (int choice in members.Choices(-1, signature))
                {
                    yield return members.ValueOf(-1, signature, choice);
                }
            }
        }
    }
}
