namespace LayerStream.Host.Tests;

/// <summary>Runs the command line in process and keeps what it says on standard error. Tests that use it share a collection.</summary>
internal static class CapturedError
{
    internal const string Collection = "standard error";

    /// <summary>Exit code and text.</summary>
    internal static async Task<(int Code, string Error)> RunAsync(params string[] arguments)
    {
        TextWriter before = Console.Error;
        StringWriter error = new();
        Console.SetError(error);
        try
        {
            return (await VerbTable.RunAsync(arguments), error.ToString());
        }
        finally
        {
            Console.SetError(before);
        }
    }
}
