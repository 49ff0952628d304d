using System.Runtime.InteropServices;

namespace LayerStream.Host.Terminal;

/// <summary>Ctrl-C and SIGTERM: the first asks the verb to end, the second ends the process at once, whatever it waits for. Where nobody
/// would hear the first one, because input is awaited or the verb listens to none, it is the one that ends the process.</summary>
internal sealed class Interrupts : IDisposable
{
    private const int ExitCode = 130;
    private readonly CancellationTokenSource _asked = new();
    private readonly PosixSignalRegistration[] _registrations;
    private Func<bool>? _taker;
    private int _count;
    private int _awaited;

    /// <summary>Takes over the signals until disposed.</summary>
    public Interrupts()
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
        ];
        Current = this;
    }

    /// <summary>Those in force; null outside a verb.</summary>
    public static Interrupts? Current { get; private set; }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _asked.Token;

    /// <summary>Is asked first at Ctrl-C: true = it was taken, and the verb goes on.</summary>
    public Func<bool>? Taker
    {
        get => Volatile.Read(ref _taker);
        set => Volatile.Write(ref _taker, value);
    }

    /// <summary>Whether the first signal ends the process at once: of verbs that do not listen for it.</summary>
    public bool EndsAtOnce { get; set; }

    /// <summary>Reads input, which may never come.</summary>
    public static T Await<T>(Func<T> read)
    {
        Interrupts? current = Current;
        if (current is null)
        {
            return read();
        }

        Interlocked.Increment(ref current._awaited);
        try
        {
            return read();
        }
        finally
        {
            Interlocked.Decrement(ref current._awaited);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Current = null;
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _asked.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (context.Signal == PosixSignal.SIGINT && Taker?.Invoke() == true)
        {
            return;
        }

        if (Interlocked.Increment(ref _count) > 1 || EndsAtOnce || Volatile.Read(ref _awaited) > 0)
        {
            Environment.Exit(ExitCode);
        }

        _asked.Cancel();
    }
}
