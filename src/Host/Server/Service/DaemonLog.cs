using LayerStream.Host.Server.Http;
using LayerStream.Storage;
using Microsoft.Extensions.Logging;

namespace LayerStream.Host.Server.Service;

/// <summary>The log, on standard error. Bodies, prompts, answers and keys never go through here.</summary>
internal static partial class DaemonLog
{
    private static ILogger s_log = new StandardErrorLogger(isJson: false);

    /// <summary>From now on every entry is a line of JSON.</summary>
    public static void UseJson() => s_log = new StandardErrorLogger(isJson: true);

    /// <summary>Options that the daemon cannot start with.</summary>
    public static void Refused(string reason) => Refused(s_log, reason);

    /// <summary>Where it listens.</summary>
    public static void Listening(IEnumerable<string> urls) => Listening(s_log, string.Join(", ", urls));

    /// <summary>What it serves.</summary>
    public static void Ready(string model, int context, string budget) => Ready(s_log, model, context, budget);

    /// <summary>It is ending.</summary>
    public static void Draining(double seconds) => Draining(s_log, Math.Round(seconds));

    /// <summary>What users of the model should know.</summary>
    public static void Warning(string text) => Warning(s_log, text);

    /// <summary>What loading tells.</summary>
    public static void Notice(string text) => Notice(s_log, text);

    /// <summary>Keys and certificate were read again.</summary>
    public static void Reloaded() => Reloaded(s_log);

    /// <summary>They could not be read again, and stay as they were.</summary>
    public static void ReloadFailed(string reason) => ReloadFailed(s_log, reason);

    /// <summary>A failure of the server's own; refusals of requests are not logged.</summary>
    public static void Failure(Exception error, ApiException shown)
    {
        if (shown.Status != 500 && error is not ModelChangedException)
        {
            return;
        }

        // What is shown holds no text of a request; the message of a failure nobody foresaw may.
        RequestFailed(s_log, shown.Code is "internal_error" or "engine_fault" ? string.Join(" < ", Chain(error)) : shown.Message);
        if (shown.Code == "internal_error")
        {
            StackOfFailure(s_log, error.StackTrace ?? "");
        }
    }

    private static IEnumerable<string> Chain(Exception error)
    {
        for (Exception? e = error; e is not null; e = e.InnerException)
        {
            yield return e.GetType().Name;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "{Reason}")]
    private static partial void Refused(ILogger log, string reason);

    [LoggerMessage(2, LogLevel.Information, "listening on {Urls}")]
    private static partial void Listening(ILogger log, string urls);

    [LoggerMessage(3, LogLevel.Information, "ready: {Model}, context {Context}, budget {Budget}")]
    private static partial void Ready(ILogger log, string model, int context, string budget);

    [LoggerMessage(4, LogLevel.Information, "draining for at most {Seconds} s")]
    private static partial void Draining(ILogger log, double seconds);

    [LoggerMessage(5, LogLevel.Warning, "{Text}")]
    private static partial void Warning(ILogger log, string text);

    [LoggerMessage(6, LogLevel.Information, "{Text}")]
    private static partial void Notice(ILogger log, string text);

    [LoggerMessage(7, LogLevel.Information, "keys and certificate have been read again")]
    private static partial void Reloaded(ILogger log);

    [LoggerMessage(8, LogLevel.Warning, "keys and certificate stay as they were: {Reason}")]
    private static partial void ReloadFailed(ILogger log, string reason);

    [LoggerMessage(9, LogLevel.Error, "request failed: {Reason}")]
    private static partial void RequestFailed(ILogger log, string reason);

    [LoggerMessage(10, LogLevel.Error, "{Stack}")]
    private static partial void StackOfFailure(ILogger log, string stack);
}
