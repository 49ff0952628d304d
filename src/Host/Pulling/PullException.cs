namespace LayerStream.Host.Pulling;

/// <summary>A download that was refused or failed; the message says what stands in its way and how to go on.</summary>
public sealed class PullException(string message, Exception? inner = null) : Exception(message, inner);
