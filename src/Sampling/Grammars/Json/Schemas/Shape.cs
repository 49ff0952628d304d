using LayerStream.Sampling.Grammars.Json.Numbers;

namespace LayerStream.Sampling.Grammars.Json.Schemas;

/// <summary>Constraints that hold together, with the types of values that can meet them.</summary>
internal sealed class Shape(int id, JsonTypes types, Constraint[] constraints)
{
    /// <summary>Number of the shape.</summary>
    public int Id { get; } = id;

    /// <summary>The types.</summary>
    public JsonTypes Types { get; } = types;

    /// <summary>The constraints, by number.</summary>
    public Constraint[] Constraints { get; } = constraints;

    /// <summary>What numbers meet, where they are among the types.</summary>
    public NumberRule? Number { get; init; }

    /// <summary>What texts meet.</summary>
    public TextRule? Text { get; init; }

    /// <summary>What arrays meet.</summary>
    public ArrayRule? Array { get; init; }

    /// <summary>What objects meet.</summary>
    public ObjectRule? Object { get; init; }
}
