namespace LayerStream.Sampling.Grammars.States;

/// <summary>Bounds of what a grammar may cost; errors name the one that was met.</summary>
public static class GrammarLimits
{
    /// <summary>Bytes of a schema, grammar or pattern.</summary>
    public const int SourceBytes = 1 << 20;

    /// <summary>Nesting of groups, of a schema, and of the references it follows.</summary>
    public const int Nesting = 128;

    /// <summary>Largest count of a repetition.</summary>
    public const int Repetition = 10_000;

    /// <summary>States of the nondeterministic automaton of a grammar.</summary>
    public const int NondeterministicStates = 100_000;

    /// <summary>States of the deterministic automaton of one pattern, or of patterns that hold together.</summary>
    public const int DeterministicStates = 20_000;

    /// <summary>Alternatives of one value of a schema.</summary>
    public const int Alternatives = 1_000;

    /// <summary>Different values of a schema.</summary>
    public const int Shapes = 100_000;

    /// <summary>Elements of a generated array that must differ.</summary>
    public const int DifferentElements = 256;

    /// <summary>Nesting of generated JSON.</summary>
    public const int GeneratedDepth = 64;

    /// <summary>Nesting of JSON that is checked.</summary>
    public const int CheckedDepth = 256;
}
