namespace LayerStream.Templates.Runtime;

/// <summary>Rendering stopped: the template called <c>raise_exception</c>, used a value wrongly, or ran into a limit.</summary>
public sealed class TemplateException : Exception
{
    /// <summary>Creates the exception; <paramref name="line"/> is the template line (1-based, 0 when unknown).</summary>
    public TemplateException(string message, int line = 0, bool raisedByTemplate = false)
        : base(raisedByTemplate || line == 0 ? message : $"{message} (template line {line})")
    {
        Line = line;
        RaisedByTemplate = raisedByTemplate;
    }

    /// <summary>Line of the statement being executed, 1-based; 0 when unknown.</summary>
    public int Line { get; }

    /// <summary>True when the template itself refused the conversation with <c>raise_exception</c>; Message is then its text.</summary>
    public bool RaisedByTemplate { get; }
}
