using System.Runtime.InteropServices;

namespace LayerStream.Host.Server;

/// <summary>
/// The first SIGTERM or SIGINT asks for a drain, the second ends the process at once. SIGHUP means that the terminal closes and asks for a
/// drain too; of a process without a terminal it asks for keys and certificate to be read again, and ends nothing.
/// </summary>
internal sealed class DaemonSignals : IDisposable
{
    private const int InterruptedExitCode = 130;
    private readonly PosixSignalRegistration[] _registrations;
    private readonly bool _hasTerminal = HasTerminal();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    public DaemonSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, HandleHangUp),
    ];

    /// <summary>What SIGHUP without a terminal asks for.</summary>
    public Action? Reload { get; set; }

    /// <summary>Completes with the first signal.</summary>
    public Task Asked => _asked.Task;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _count) > 1)
        {
            Environment.Exit(InterruptedExitCode);
        }

        _asked.TrySetResult();
    }

    private void HandleHangUp(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_hasTerminal)
        {
            _asked.TrySetResult();
        }
        else
        {
            Reload?.Invoke();
        }
    }

    private static bool HasTerminal()
    {
        try
        {
            using FileStream terminal = new("/dev/tty", FileMode.Open, FileAccess.Read);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
