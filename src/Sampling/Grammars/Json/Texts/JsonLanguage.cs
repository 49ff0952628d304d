using System.Text.Json;
using LayerStream.Sampling.Grammars.Json.Schemas;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Sampling.Grammars.Json.Texts;

/// <summary>JSON texts of a schema. For one sequence at a time.</summary>
internal sealed class JsonLanguage
{
    private readonly NestingNeeds? _needs;

    private JsonLanguage(ShapeTable shapes, NestingNeeds? needs, bool checks)
    {
        Shapes = shapes;
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

    /// <summary>The first state of the texts of a schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="checks">Whether texts are only checked.</param>
    /// <exception cref="GrammarException">The schema is not supported, or nothing meets it.</exception>
    public static GrammarState Start(JsonElement schema, bool checks)
    {
        ShapeTable shapes = new(new SchemaDocument(schema));
        Condition root = SchemaReader.Sub(shapes.Conditions, schema, "").Holds;
        IReadOnlyList<Condition> conditions = Explore(shapes, root);
        NestingNeeds? needs = checks ? null : new NestingNeeds(shapes, conditions, GrammarLimits.GeneratedDepth);
        if (shapes.Of(root).Length > 0 && needs?.Of(root) > GrammarLimits.GeneratedDepth)
        {
            throw GrammarException.Limit("nesting", $"No value of at most {GrammarLimits.GeneratedDepth} levels meets the schema.");
        }

        JsonLanguage language = new(shapes, needs, checks);
        return ValueState.Of(language, new RootFrame(language), [(root, 0)])
            ?? throw new GrammarException(GrammarFault.Empty, "schema", "No value meets the schema.");
    }

    /// <summary>Whether a value can be ended within the levels that are left in a frame.</summary>
    public bool Fits(Frame frame, Condition condition) => _needs is null || frame.Depth + _needs.Of(condition) <= MostDepth;

    /// <summary>Whether an array can.</summary>
    public bool Fits(Frame frame, ArrayRule rule) => frame.Depth + (_needs?.Of(rule) ?? 1) <= MostDepth;

    /// <summary>Whether an object can.</summary>
    public bool Fits(Frame frame, ObjectRule rule) => frame.Depth + (_needs?.Of(rule) ?? 1) <= MostDepth;

    // Meets every limit now, and not in the middle of an answer.
    private static List<Condition> Explore(ShapeTable shapes, Condition root)
    {
        HashSet<int> seen = [root.Id];
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
