using System.Diagnostics;
using System.Globalization;

namespace LayerStream.EndToEnd.Tests;

/// <summary>Signals of POSIX.</summary>
internal static class PosixSignal
{
    /// <summary>Sends one by its name or number, and waits until it is sent.</summary>
    internal static async Task SendAsync(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
