using LayerStream.Host.Server.Http;
using LayerStream.Storage;

namespace LayerStream.Host.Server.Service;

/// <summary>The log, on standard error. Bodies, prompts, answers and keys never go through here.</summary>
internal static class DaemonLog
{
    /// <summary>One line.</summary>
    public static void Line(string text) => Console.Error.WriteLine(text);

    /// <summary>A failure of the server's own; refusals of requests are not logged.</summary>
    public static void Failure(Exception error, ApiException shown)
    {
        if (shown.Status != 500 && error is not ModelChangedException)
        {
            return;
        }

        // What is shown holds no text of a request; the message of a failure nobody foresaw may.
        string detail = shown.Code is "internal_error" or "engine_fault" ? string.Join(" < ", Chain(error)) : shown.Message;
        Line($"request failed: {detail}");
        if (shown.Code == "internal_error")
        {
            Line(error.StackTrace ?? "");
        }
    }

    private static IEnumerable<string> Chain(Exception error)
    {
        for (Exception? e = error; e is not null; e = e.InnerException)
        {
            yield return e.GetType().Name;
        }
    }
}
