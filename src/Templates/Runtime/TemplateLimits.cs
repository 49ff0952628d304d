namespace LayerStream.Templates.Runtime;

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

    /// <summary>Statements and expressions executed, plus list elements made, for an empty conversation.</summary>
    public long Steps { get; init; } = 10_000_000;

    /// <summary>Further steps for each UTF-16 unit of the variables: templates may look at all later messages for each message.</summary>
    public long StepsPerUnit { get; init; } = 4_000;

    /// <summary>One text or the whole output, in UTF-16 units.</summary>
    public int TextLength { get; init; } = 16 << 20;

    /// <summary>All texts made during one rendering, in UTF-16 units.</summary>
    public long TotalText { get; init; } = 256L << 20;

    public int RangeLength { get; init; } = 100_000;

    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Further time for each UTF-16 unit of the variables, up to <see cref="LongestTime"/>.</summary>
    public TimeSpan TimePerUnit { get; init; } = TimeSpan.FromMicroseconds(20);

    public TimeSpan LongestTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The limits for variables of the given size, in UTF-16 units.</summary>
    public TemplateLimits ForInput(long units)
    {
        var time = Time + (TimePerUnit * units);
        return this with
        {
            Steps = Steps + (StepsPerUnit * units),
            TotalText = TotalText + (64 * units),
            Time = time < LongestTime || Time > LongestTime ? time : LongestTime,
        };
    }
}
