using LayerStream.Sampling.Grammars.Json.Numbers;
using LayerStream.Sampling.Grammars.Regular;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>What a schema asks of a value, and-or-combined. Numbered by <see cref="ConditionTable"/>.</summary>
internal abstract class Condition
{
    /// <summary>Number of the condition.</summary>
    public int Id { get; set; }
}

/// <summary>The value is of one of these types.</summary>
internal sealed class TypeCondition(JsonTypes types) : Condition
{
    /// <summary>The types.</summary>
    public JsonTypes Types { get; } = types;
}

/// <summary>All hold.</summary>
internal sealed class AllCondition(Condition[] parts) : Condition
{
    /// <summary>The conditions.</summary>
    public Condition[] Parts { get; } = parts;
}

/// <summary>At least one holds.</summary>
internal sealed class AnyCondition(Condition[] parts) : Condition
{
    /// <summary>The conditions.</summary>
    public Condition[] Parts { get; } = parts;
}

/// <summary>Exactly one holds.</summary>
internal sealed class OneCondition((Condition Holds, Condition Fails)[] parts) : Condition
{
    /// <summary>Each condition with its contrary.</summary>
    public (Condition Holds, Condition Fails)[] Parts { get; } = parts;
}

/// <summary>A schema somewhere else, read when it is needed.</summary>
internal sealed class LinkCondition(string place, bool isNegated) : Condition
{
    /// <summary>Where the schema stands.</summary>
    public string Place { get; } = place;

    /// <summary>Whether it must not hold.</summary>
    public bool IsNegated { get; } = isNegated;
}

/// <summary>What cannot be worked out; an error only where it is needed.</summary>
internal sealed class RefusedCondition(string keyword, string message) : Condition
{
    /// <summary>The keyword.</summary>
    public string Keyword { get; } = keyword;

    /// <summary>Why.</summary>
    public string Message { get; } = message;
}

/// <summary>A condition that says something of values of some types, and nothing of others.</summary>
internal abstract class Constraint(JsonTypes scope) : Condition
{
    /// <summary>The types it says something of.</summary>
    public JsonTypes Scope { get; } = scope;
}

/// <summary>Of numbers.</summary>
internal sealed class NumberConstraint(NumberRange range, JsonNumber? step = null, bool stepIsNegated = false)
    : Constraint(JsonTypes.Number)
{
    /// <summary>The bounds.</summary>
    public NumberRange Range { get; } = range;

    /// <summary>What it is a multiple of, or is not.</summary>
    public JsonNumber? Step { get; } = step;

    /// <summary>Whether it is no multiple.</summary>
    public bool StepIsNegated { get; } = stepIsNegated;
}

/// <summary>Of texts.</summary>
internal sealed class TextConstraint(Dfa? pattern, bool isNegated = false, int least = 0, int? most = null) : Constraint(JsonTypes.Text)
{
    /// <summary>The texts allowed; null = all.</summary>
    public Dfa? Pattern { get; } = pattern;

    /// <summary>Whether the pattern says which are not.</summary>
    public bool IsNegated { get; } = isNegated;

    /// <summary>Least length in code points.</summary>
    public int Least { get; } = least;

    /// <summary>Largest; null = none.</summary>
    public int? Most { get; } = most;
}

/// <summary>Some elements of an array meet a condition: from a place on, at least and at most so many.</summary>
internal sealed record Containment(int From, Condition Holds, Condition Fails, int Least, int? Most);

/// <summary>Of arrays.</summary>
internal sealed class ArrayConstraint(Condition[] prefix, Condition rest, int least = 0, int? most = null, Containment? containment = null)
    : Constraint(JsonTypes.Array)
{
    /// <summary>Elements in front of those of the prefix, which may be anything.</summary>
    public int Free { get; init; }

    /// <summary>Whether no two elements may be equal.</summary>
    public bool IsUnique { get; init; }

    /// <summary>From this place on all elements meet the same.</summary>
    public int Cap => Free + prefix.Length;

    /// <summary>Condition of the element at a place; null = none.</summary>
    public Condition? At(int index) => index < Free ? null : index < Cap ? prefix[index - Free] : rest;

    /// <summary>Least number of elements.</summary>
    public int Least { get; } = least;

    /// <summary>Largest; null = none.</summary>
    public int? Most { get; } = most;

    /// <summary>What some elements must meet, or null.</summary>
    public Containment? Containment { get; } = containment;
}

/// <summary>A member must be there whose name is one of these and whose value meets the condition.</summary>
/// <param name="Names">Names in question.</param>
/// <param name="Holds">What the value must meet.</param>
internal sealed record Presence(Dfa Names, Condition Holds);

/// <summary>Of objects.</summary>
internal sealed class ObjectConstraint : Constraint
{
    /// <summary>A constraint that says nothing yet.</summary>
    public ObjectConstraint(Condition rest)
        : base(JsonTypes.Object)
    {
        Rest = rest;
    }

    /// <summary>Conditions of members by name.</summary>
    public IReadOnlyDictionary<string, Condition> Names { get; init; } = new Dictionary<string, Condition>(StringComparer.Ordinal);

    /// <summary>Conditions of members whose names match.</summary>
    public IReadOnlyList<(Dfa Names, Condition Value)> Patterns { get; init; } = [];

    /// <summary>Condition of members that neither are named nor match.</summary>
    public Condition Rest { get; }

    /// <summary>Names that must be there.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>Least number of members.</summary>
    public int Least { get; init; }

    /// <summary>Largest; null = none.</summary>
    public int? Most { get; init; }

    /// <summary>A member that must be there, or null.</summary>
    public Presence? Presence { get; init; }
}
