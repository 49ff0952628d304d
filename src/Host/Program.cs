using LayerStream.Host.Terminal;

namespace LayerStream.Host;

/// <summary>Entry point of the <c>layerstream</c> executable.</summary>
public static class Program
{
    /// <summary>Runs one verb. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.</summary>
    public static Task<int> Main(string[] args)
    {
        StandardStreams.Repair();
        DiagnosticFiles.Remove();
        StandardOutput.TakeOver();
        return VerbTable.RunAsync(args);
    }
}
