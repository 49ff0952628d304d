using System.Runtime.InteropServices;

namespace LayerStream.Host.Server;

/// <summary>The first SIGTERM or SIGINT asks for a drain, the second ends the process at once.</summary>
internal sealed class DaemonSignals : IDisposable
{
    private const int InterruptedExitCode = 130;
    private readonly PosixSignalRegistration[] _registrations;
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    public DaemonSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
    ];

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
}
