using LayerStream.Actors;
using LayerStream.Actors.Drafts;
using LayerStream.Formats;
using LayerStream.Host.Server.Http;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Session;
using LayerStream.Session.Catalogue;
using LayerStream.Storage;
using LayerStream.Storage.Filling;

namespace LayerStream.Host.Server.Service;

/// <summary>What requests are told whose model cannot be loaded: by its name, without paths.</summary>
internal static class LoadRefusal
{
    /// <summary>What is known before it is tried; null = it may be tried.</summary>
    public static ApiException? Of(ServableModel model, EntryReport? known) => known switch
    {
        { Problem: { } problem } => NotLoadable(model, problem),
        { Outlook: { Fits: false } o } => TooLarge(model, o.SmallestBudgetBytes, o.BudgetBytes),
        _ => null,
    };

    /// <summary>After a failure.</summary>
    public static ApiException Of(ServableModel model, Exception failure) => failure switch
    {
        ApiException e => e,
        BudgetTooSmallException e => TooLarge(model, e.SmallestBudgetBytes, e.Sheet.BudgetBytes),
        OutOfMemoryException or HeapLimitException or BudgetAboveLimitException => new ApiException(503, "unavailable_error",
            $"model '{model.Id}' could not be loaded: its description does not fit into the memory budget now",
            "model_does_not_fit", "model")
        { RetryAfterSeconds = 30 },
        FlashReadException e => new ApiException(503, "unavailable_error",
            $"model '{model.Id}' could not be loaded: offset {e.Offset} could not be read: {e.Reason}", "model_load_failed", "model")
        {
            Tensor = e.Tensor,
            Offset = e.Offset,
            Errno = e.Errno,
            RetryAfterSeconds = 30,
        },
        ModelFormatException e => NotLoadable(model, e.Reason),
        UnfilledModelException or UnsupportedModelException or UsageException => NotLoadable(model, failure.Message),
        DraftModelException e => NotLoadable(model, $"its draft model cannot guess for it: {e.Reason}"),
        FileNotFoundException or DirectoryNotFoundException => NotLoadable(model, "its file is gone"),
        _ => new ApiException(503, "unavailable_error", $"model '{model.Id}' could not be loaded; the server's log has the cause",
            "model_load_failed", "model")
        { RetryAfterSeconds = 30 },
    };

    /// <summary>The reason why a model cannot be loaded before its file changes; null when another attempt may succeed.</summary>
    public static string? Lasting(Exception failure) => failure switch
    {
        ModelFormatException e => e.Reason,
        UnfilledModelException or UnsupportedModelException or UsageException => failure.Message,
        _ => null,
    };

    /// <summary>A failure for the log: kinds of exceptions, and the message where it holds no text of requests.</summary>
    public static IEnumerable<string> Causes(Exception error)
    {
        for (Exception? e = error; e is not null; e = e.InnerException)
        {
            yield return e is ApiException or ModelFormatException or FlashReadException or DraftModelException or UsageException
                ? e.Message : e.GetType().Name;
        }
    }

    private static ApiException TooLarge(ServableModel model, long smallestBytes, long budgetBytes) => new(400, "invalid_request_error",
        $"model '{model.Id}' does not fit into the budget of {ByteSize.Format(budgetBytes)}: it needs {ByteSize.Format(smallestBytes)}",
        "model_does_not_fit", "model");

    private static ApiException NotLoadable(ServableModel model, string problem) =>
        new(400, "invalid_request_error", $"model '{model.Id}' cannot be loaded: {problem}", "model_not_loadable", "model");
}
