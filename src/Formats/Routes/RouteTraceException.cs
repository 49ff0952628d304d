namespace LayerStream.Formats.Routes;

/// <summary>A route trace that cannot be used.</summary>
/// <param name="source">Name of the file or stream.</param>
/// <param name="line">Line of what is wrong, from 1; 0 when it concerns the whole file.</param>
/// <param name="message">What is wrong.</param>
public sealed class RouteTraceException(string source, int line, string message)
    : Exception(line > 0 ? $"{source}, line {line}: {message}" : $"{source}: {message}")
{
    /// <summary>Line of what is wrong, from 1; 0 when it concerns the whole file.</summary>
    public int Line { get; } = line;
}
