using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using LayerStream.Actors.Ring;
using LayerStream.Actors.Run;
using LayerStream.Storage;

namespace LayerStream.Actors.Stages;

/// <summary>
/// Owner of the actors and of every run from its submission to its outcome. If the engine's actor is lost, its run fails, the loops it
/// left are ended, and a new one serves the runs behind it. A watchdog, which needs no actor, fails a run that has come to a stop.
/// </summary>
internal sealed class EngineControl
{
    // Failures reach the caller as typed errors; nothing of the actors' own goes to standard output.
    // A phase of coordinated shutdown must outlast a pass of the largest model.
    private const string ActorConfig = """
        akka.loglevel = OFF
        akka.stdout-loglevel = OFF
        akka.log-dead-letters = off
        akka.coordinated-shutdown.default-phase-timeout = 120s
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        akka.coordinated-shutdown.exit-clr = off
        akka.actor.default-dispatcher.executor = channel-executor
        akka.actor.guardian-supervisor-strategy = "Akka.Actor.StoppingSupervisorStrategy"
        """;

    private const int LooksPerLimit = 60;

    private readonly TileRing _ring;
    private readonly ExpertRing _experts;
    private readonly FlashReader _reader;
    private readonly PassAccount _account;
    private readonly Func<StageKind, Props> _stage;
    private readonly TimeSpan _stallLimit;
    private readonly ActorSystem _system;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _watching;
    private readonly Lock _lock = new();
    private readonly List<RunContext> _runs = []; // submitted and not ended, in order
    private Task _recovering = Task.CompletedTask;
    private IActorRef _engine;
    private Exception? _failure;
    private bool _isRecovering;
    private bool _isClosing;
    private bool _isClosed;

    internal EngineControl(TileRing ring, ExpertRing experts, FlashReader reader, PassAccount account, Func<StageKind, Props> stage,
        TimeSpan stallLimit)
    {
        (_ring, _experts, _reader, _account, _stage, _stallLimit) = (ring, experts, reader, account, stage, stallLimit);
        _system = ActorSystem.Create("layerstream", ConfigurationFactory.ParseString(ActorConfig));
        _engine = CreateEngine();
        reader.CompletionFailed = e => Volatile.Read(ref _engine).Tell(new RunFailed(new EngineFaultException("completion", e)));
        _watching = WatchAsync(_closing.Token);
    }

    /// <summary>Why no run is served any more, or null.</summary>
    internal Exception? Failure
    {
        get
        {
            lock (_lock)
            {
                return _failure;
            }
        }
    }

    /// <summary>Runs submitted and not ended.</summary>
    internal int Active
    {
        get
        {
            lock (_lock)
            {
                return _runs.Count;
            }
        }
    }

    /// <summary>Hands a run to the engine and completes with its outcome.</summary>
    /// <exception cref="ObjectDisposedException">The engine is being disposed of.</exception>
    /// <exception cref="EngineFaultException">The engine has failed for good.</exception>
    internal async Task SubmitAsync(RunContext run)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosing, this);
            if (_failure is { } failure)
            {
                throw new EngineFaultException("engine", failure);
            }

            _runs.Add(run);
            if (!_isRecovering)
            {
                _engine.Tell(new SubmitRun(run));
            }
        }

        try
        {
            await run.Outcome.Task;
        }
        finally
        {
            lock (_lock)
            {
                _runs.Remove(run);
            }
        }
    }

    /// <summary>Sets the depth unless a run is active; gives the one in force.</summary>
    internal async Task<int> SetDepthAsync(int depth) => (await Volatile.Read(ref _engine).Ask<DepthSet>(new SetDepth(depth))).Depth;

    /// <summary>Ends the active runs and those that wait, then the actors. False if a loop would not end: what it uses must stay.</summary>
    internal async Task<bool> CloseAsync()
    {
        RunContext[] runs;
        lock (_lock)
        {
            _isClosing = true;
            runs = [.. _runs];
        }

        foreach (RunContext run in runs)
        {
            run.Cancel();
        }

        await Task.WhenAll(runs.Select(r => r.Outcome.Task.ContinueWith(static _ => { }, TaskScheduler.Default)));
        await _recovering;
        await _closing.CancelAsync();
        await _watching;
        lock (_lock)
        {
            _isClosed = true;
        }

        await CoordinatedShutdown.Get(_system).Run(CoordinatedShutdown.ClrExitReason.Instance);
        return Failure is null;
    }

    private IActorRef CreateEngine() => _system.ActorOf(Props.Create(() => new EngineActor(_ring, _experts, _stage, OnEngineStopped)));

    private void OnEngineStopped(RunContext? run, Exception? fault)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _isRecovering = true;
            _recovering = Task.Run(() => RecoverAsync(run, fault));
        }
    }

    /// <summary>The loops of the lost run end, its reads too; then the slots are counted anew and another actor goes on.</summary>
    private async Task RecoverAsync(RunContext? run, Exception? fault)
    {
        EngineFaultException failure = new("engine", fault);
        try
        {
            await (run?.EndLoopsAsync() ?? Task.CompletedTask);
            await _reader.DrainAsync();
            _ring.Restore();
            _experts.Restore();
            lock (_lock)
            {
                Volatile.Write(ref _engine, CreateEngine());
                _isRecovering = false;
                foreach (RunContext next in _runs.Where(r => r != run))
                {
                    _engine.Tell(new SubmitRun(next));
                }
            }

            run?.Outcome.TrySetException(failure);
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    /// <summary>Says plainly that nothing will be served any more.</summary>
    private void Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
            foreach (RunContext run in _runs)
            {
                run.Outcome.TrySetException(failure);
            }
        }
    }

    private async Task WatchAsync(CancellationToken closing)
    {
        TimeSpan period = _stallLimit / LooksPerLimit;
        StallClock clock = new(period);
        RunContext? warned = null;
        long last = Stopwatch.GetTimestamp();
        using PeriodicTimer timer = new(period);
        try
        {
            while (await timer.WaitForNextTickAsync(closing))
            {
                (long before, last) = (last, Stopwatch.GetTimestamp());
                (RunContext? run, bool isBusy) = Look();
                clock.Observe(Movement(), isBusy, Stopwatch.GetElapsedTime(before, last));
                if (run is null || clock.Idle < (run == warned ? 2 : 1) * _stallLimit)
                {
                    continue;
                }

                EngineStalledException stalled = new(clock.Idle, _ring.Waits.Describe());
                if (run == warned)
                {
                    Fail(stalled); // not even the end of the run has come
                }
                else
                {
                    warned = run;
                    Volatile.Read(ref _engine).Tell(new RunFailed(stalled));
                    run.Cancel();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The engine is closed.
        }
    }

    /// <summary>The run that should move, and whether disk or crew (or the caller's own code on the compute thread) work for it.</summary>
    private (RunContext? Run, bool IsBusy) Look()
    {
        lock (_lock)
        {
            RunContext? run = _failure is null ? _runs.FirstOrDefault() : null;
            bool computes = run is not null && run.Loop(StageKind.Compute).IsRunning && !_ring.Waits.Compute.IsWaiting;
            return (run, run is null || computes || _reader.InFlight > 0);
        }
    }

    private long Movement() => HashCode.Combine(_reader.BytesRead, _account.Pass, _account.DemandedBytes, _account.ComputeTicks,
        _ring.Waits.Waits, _runs.Count);
}
