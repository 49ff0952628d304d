namespace LayerStream.Host.Pulling;

/// <summary>A transfer that broke off and may be tried again.</summary>
/// <param name="message">What happened.</param>
/// <param name="retryAfter">How long the server asks to wait; null when it does not say.</param>
/// <param name="inner">What was thrown, or null.</param>
internal sealed class InterruptedTransferException(string message, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
