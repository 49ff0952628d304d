namespace LayerStream.Templates.Runtime;

/// <summary>The template text cannot be parsed, or uses a construct outside the supported subset.</summary>
public sealed class TemplateSyntaxException : Exception
{
    /// <summary>Creates the exception for a 1-based template line.</summary>
    public TemplateSyntaxException(string message, int line)
        : base($"template line {line}: {message}")
    {
        Line = line;
    }

    /// <summary>1-based line of the template.</summary>
    public int Line { get; }
}
