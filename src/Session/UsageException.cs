namespace LayerStream.Session;

/// <summary>The command line, an environment variable or the settings file is wrong (exit code 2). The message names it and the way
/// out.</summary>
public sealed class UsageException(string message) : Exception(message);
