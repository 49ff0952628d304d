namespace LayerStream.Templates;

/// <summary>What an untrusted template may use; exceeding any row ends in a typed exception.</summary>
internal sealed record TemplateLimits
{
    public static readonly TemplateLimits Default = new();

    /// <summary>Height of the syntax tree and nesting seen by the parser.</summary>
    public const int SyntaxDepth = 200;

    /// <summary>Nesting of lists and dicts that is copied, compared or printed.</summary>
    public const int ValueDepth = 200;

    /// <summary>Largest integer, in bits.</summary>
    public const int IntegerBits = 1 << 14;

    /// <summary>Template text, in UTF-16 units.</summary>
    public int TemplateLength { get; init; } = 1 << 20;

    /// <summary>Nested evaluations in progress, over all macros (bounds the native stack).</summary>
    public int EvaluationDepth { get; init; } = 1000;

    public int MacroDepth { get; init; } = 100;

    /// <summary>Statements and expressions executed, plus list elements made.</summary>
    public long Steps { get; init; } = 10_000_000;

    /// <summary>One text or the whole output, in UTF-16 units.</summary>
    public int TextLength { get; init; } = 16 << 20;

    /// <summary>All texts made during one rendering, in UTF-16 units.</summary>
    public long TotalText { get; init; } = 256L << 20;

    public int RangeLength { get; init; } = 100_000;

    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(10);
}
