using LayerStream.Actors;
using LayerStream.Actors.Drafts;
using LayerStream.Actors.Run;
using LayerStream.Conversion;
using LayerStream.Formats;
using LayerStream.Formats.Routes;
using LayerStream.Host.Pulling;
using LayerStream.Host.Remote;
using LayerStream.Host.Terminal;
using LayerStream.Kernels.Ops;
using LayerStream.Kernels.Quants.Encoding;
using LayerStream.Memory;
using LayerStream.Models.Building;
using LayerStream.Models.Decoding;
using LayerStream.Models.Spec;
using LayerStream.Sampling;
using LayerStream.Sampling.Grammars.States;
using LayerStream.Session;
using LayerStream.Session.Reports;
using LayerStream.Storage;
using LayerStream.Templates.Runtime;
using LayerStream.Tokenization;

namespace LayerStream.Host.Verbs;

/// <summary>Turns exceptions into one paragraph on stderr and an exit code.</summary>
public static class Failures
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>The work failed.</summary>
    public const int Failed = 1;

    /// <summary>The request itself is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Interrupted by the user.</summary>
    public const int Interrupted = 130;

    private const char NotUtf8 = '\uFFFD';

    /// <summary>Runs a verb; every exception becomes a message and a code.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="isJson">Whether whoever started it reads JSON: then the message is an object on standard output too, unless a report is
    /// there already.</param>
    public static async Task<int> GuardAsync(Func<Task<int>> verb, Func<bool> isJson)
    {
        try
        {
            return await verb();
        }
        catch (Exception e)
        {
            return Report(e, isJson() && !StandardOutput.HasBegun);
        }
    }

    /// <summary>Writes the paragraph and returns the exit code.</summary>
    /// <param name="error">The failure.</param>
    /// <param name="isJson">Whether it is written to standard output too, as JSON.</param>
    public static int Report(Exception error, bool isJson = false)
    {
        while (error is AggregateException { InnerException: { } inner })
        {
            error = inner;
        }

        int code = Tell(error);
        if (isJson && error is not OutputClosedException)
        {
            WriteJson(error, code);
        }

        return code;
    }

    private static void WriteJson(Exception error, int code)
    {
        string text = error switch
        {
            OperationCanceledException => "Interrupted.",
            BudgetTooSmallException e => TooSmall(e), // without the sheet, which is for people
            _ => Describe(error),
        };
        try
        {
            StandardOutput.WriteJson(new FailureReport(text, code, (error as BudgetTooSmallException)?.SmallestBudgetBytes),
                ReportJson.Default.FailureReport);
        }
        catch (IOException)
        {
            // Standard output is what failed, and standard error has said it.
        }
    }

    private static int Tell(Exception error)
    {
        if (error is OperationCanceledException)
        {
            Console.Error.WriteLine("Interrupted.");
            return Interrupted;
        }

        if (error is OutputClosedException)
        {
            return Failed; // nobody reads: what was written is complete as far as it goes
        }

        Console.Error.WriteLine(Describe(error));
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("LAYERSTREAM__DEBUG")))
        {
            Console.Error.WriteLine(error);
        }

        return error is UsageException or GrammarException or LossyOptionException or TokenWithoutRowException ? Usage : Failed;
    }

    /// <summary>One paragraph for a person.</summary>
    public static string Describe(Exception error) => error switch
    {
        BudgetTooSmallException e =>
            $"{e.Sheet.Render().TrimEnd()}{Environment.NewLine}{TooSmall(e)}",
        UnsupportedModelException e => $"This model cannot run here: {string.Join("; ", e.Gaps)}.",
        ContextExceededException e =>
            $"The prompt has {e.PromptTokens} tokens, the context holds {e.Context}. Give a larger --context or a shorter prompt.",
        RouteTraceException e => $"The route trace cannot be read: {e.Message}",
        ModelFormatException e when e.File.Contains(NotUtf8) => MissingFile(e.File),
        ModelFormatException e => $"The model cannot be opened: {e.Message}",
        EngineFaultException { InnerException: { } inner } e => $"The {e.Stage} stage failed: {Describe(inner)}",
        EngineFaultException e => $"The {e.Stage} stage failed: {e.Message}",
        EngineStalledException e => $"The run came to a stop: {e.Message}.",
        FlashReadException e => $"Reading the model failed: {e.Message}",
        FileNotFoundException e => MissingFile(e.FileName ?? e.Message),
        BudgetAboveLimitException => $"{error.Message}.",
        HeapLimitException e => $"Memory is too short to begin: {e.Message}. Give a larger --memory-budget.",
        ModelChangedException e =>
            $"{e.File} {e.Change}: what was read of it may mix old and new. Start again once the file is complete.",
        FloatEnvironmentException => error.Message,
        InvalidLogitsException e => $"The model's output is not usable: {e.Message}",
        OutOfMemoryException => "Out of memory: the managed heap met its limit. Give a larger --memory-budget or a smaller --context.",
        TemplateSyntaxException e =>
            $"The chat template cannot be read: {e.Message}. {TemplateSource.WayOut} 'run --raw' needs none.",
        TemplateException { RaisedByTemplate: false, Line: > 0 } e =>
            $"The chat template fails on this conversation: {e.Message}. {TemplateSource.WayOut} 'run --raw' needs none.",
        UsageException or GrammarException or LossyOptionException or TokenWithoutRowException or KeyValueRangeException
            or TemplateException or UnsupportedTokenizerException or UnusableOutputException or PullException
            or InterruptedTransferException or RemoteException or UnquantizableTensorException or UnencodableValueException
            or DraftModelException =>
            error.Message,
        IOException or UnauthorizedAccessException or InvalidDataException => error.Message,
        _ => $"{error.Message} (set LAYERSTREAM__DEBUG=1 for the details)",
    };

    private static string TooSmall(BudgetTooSmallException e) =>
        $"The budget of {ByteSize.Format(e.Sheet.BudgetBytes)} is too small for this model and context. The smallest that works: "
            + $"--memory-budget {ByteSize.FormatOption(e.SmallestBudgetBytes)}";

    // The runtime puts this in place of bytes of an argument that are no UTF-8, and then finds no file of that name.
    private static string MissingFile(string path) => path.Contains(NotUtf8)
        ? $"The file name {path} has bytes that are not UTF-8, and cannot be opened by it. Rename the file, or make a link with a name "
        + "in UTF-8."
        : $"There is no file {path}.";
}
