namespace LayerStream.Sampling.Grammars.States;

/// <summary>Why a grammar cannot be taken.</summary>
public enum GrammarFault
{
    /// <summary>It is not written as its language wants it.</summary>
    Syntax,

    /// <summary>It uses a feature that is not supported here.</summary>
    Unsupported,

    /// <summary>It needs more states, depth or repetition than allowed.</summary>
    Limit,

    /// <summary>Nothing matches it.</summary>
    Empty,
}

/// <summary>A grammar, schema or pattern that cannot be taken; the message names the feature and its place.</summary>
public sealed class GrammarException(GrammarFault fault, string feature, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public GrammarFault Fault { get; } = fault;

    /// <summary>The keyword, construct or limit it is about.</summary>
    public string Feature { get; } = feature;

    internal static GrammarException Syntax(string feature, string message) => new(GrammarFault.Syntax, feature, message);

    internal static GrammarException Unsupported(string feature, string message) => new(GrammarFault.Unsupported, feature, message);

    internal static GrammarException Limit(string limit, string message) => new(GrammarFault.Limit, limit, message);
}
