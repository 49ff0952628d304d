namespace LayerStream.Host;

/// <summary>
/// What the runtime puts into the temporary folder for tools that look into a process: a socket and two pipes, which a killed process
/// leaves behind for ever. They go as soon as the program runs; with LAYERSTREAM__DEBUG set they stay, and such tools find it.
/// </summary>
internal static class DiagnosticFiles
{
    /// <summary>Removes those of this process.</summary>
    public static void Remove()
    {
        if (OperatingSystem.IsWindows() || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("LAYERSTREAM__DEBUG")))
        {
            return;
        }

        foreach (string pattern in (string[])[$"dotnet-diagnostic-{Environment.ProcessId}-*", $"clr-debug-pipe-{Environment.ProcessId}-*"])
        {
            try
            {
                foreach (string file in Directory.GetFiles(Path.GetTempPath(), pattern))
                {
                    File.Delete(file);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Nothing depends on it.
            }
        }
    }
}
