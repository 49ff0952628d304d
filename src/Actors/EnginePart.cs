using LayerStream.Actors.Run;
using LayerStream.Actors.Stages;
using LayerStream.Models.Spec;
using LayerStream.Planning;
using LayerStream.Storage;

namespace LayerStream.Actors;

/// <summary>
/// The last layers of a model and its head on a ring, a budget and a disk of their own, behind an <see cref="Engine"/> that runs the layers
/// in front and decides everything. It loads nothing but its layers, and has of every sequence the state in them.
/// </summary>
internal sealed class EnginePart : IAsyncDisposable
{
    private readonly EnginePlan _plan;
    private readonly EngineParts _parts;
    private readonly EngineControl _control;
    private readonly SemaphoreSlim _turn = new(1, 1); // runs of the engine in front
    private int _active;

    private EnginePart(EnginePlan plan, EngineParts parts, EngineOptions options)
    {
        (_plan, _parts) = (plan, parts);
        _control = new EngineControl(parts.Ring, parts.Experts, parts.Reader, parts.Account, parts.Stages(plan), options.StallLimit);
    }

    /// <summary>Where its orders come from.</summary>
    internal PartLink Link { get; } = new();

    /// <summary>What it takes of memory.</summary>
    internal EnginePlan Plan => _plan;

    /// <summary>Whether it is at rest: no run, every slot free, no read under way.</summary>
    internal bool IsAtRest => _control.Active == 0 && _parts.Ring.Free.Reader.Count == _parts.Ring.ActiveSlots
        && _parts.Experts.Free.Reader.Count == _parts.Experts.TransientSlots && _parts.Reader.InFlight == 0;

    /// <summary>Runs of the engine in front that are submitted and not ended.</summary>
    internal int Active => Volatile.Read(ref _active);

    /// <summary>Pages that sequences hold here.</summary>
    internal int HeldPages => _plan.Memory.Pages - _parts.Pages.Free;

    /// <summary>Loads what stays in memory and starts the ring.</summary>
    /// <exception cref="FlashReadException">A pinned tile could not be read.</exception>
    internal static async Task<EnginePart> StartAsync(EnginePlan plan, EngineOptions options, IFlashDevice device, CancellationToken ct) =>
        new(plan, await EngineParts.LoadAsync(plan, options, device, null, ct), options);

    /// <summary>Whether an engine in front can lead this one.</summary>
    /// <exception cref="ArgumentException">It has other layers than those in front, other room for sequences, or a folder of
    /// states.</exception>
    internal void Check(EnginePlan front, EngineOptions options)
    {
        ModelSpec spec = _plan.Spec;
        MemoryPlan own = _plan.Memory, other = front.Memory;
        if (front.Spec.FirstLayer != 0 || front.Spec.HasHead || spec.FirstLayer != front.Spec.Layers.Count || !spec.HasHead
            || spec.File != front.Spec.File)
        {
            throw new ArgumentException($"layers from {spec.FirstLayer} do not go on where {front.Spec.Layers.Count} layers end");
        }

        if ((own.Sequences, own.Context, own.Pages, own.Snapshots, own.Batch, own.LogitRows)
            != (other.Sequences, other.Context, other.Pages, other.Snapshots, other.Batch, other.LogitRows))
        {
            throw new ArgumentException("the two engines have room for different sequences, contexts, pages, snapshots or rows");
        }

        if (options.StateFolder is not null)
        {
            throw new ArgumentException("states of a model in two engines cannot be kept in a folder");
        }
    }

    /// <summary>Takes part in a run of the engine in front; completes when both are settled.</summary>
    /// <param name="front">The run.</param>
    /// <param name="submit">Hands it to the engine in front.</param>
    internal async Task RunAsync(RunContext front, Func<RunContext, Task> submit)
    {
        Interlocked.Increment(ref _active);
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            await RunBothAsync(front, submit);
        }
        finally
        {
            _turn.Release();
            Interlocked.Decrement(ref _active);
        }
    }

    private async Task RunBothAsync(RunContext front, Func<RunContext, Task> submit)
    {
        Link.BeginRun();
        int number = Link.Run;
        using RunContext own = new(new PartBody(Link).Execute, CancellationToken.None);
        using CancellationTokenRegistration cancel = front.Cancelled.UnsafeRegister(static run => ((RunContext)run!).Cancel(), own);
        Task behind = FollowAsync(own, number);
        try
        {
            await submit(front);
        }
        finally
        {
            own.Cancel(); // what it was told before is done
            await Task.WhenAny(behind);
        }

        if (behind.Exception?.InnerException is { } failure and not OperationCanceledException)
        {
            throw failure;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (await _control.CloseAsync())
        {
            await _parts.Reader.DrainAsync();
            _parts.Dispose();
            Link.Dispose();
            _turn.Dispose();
        }
    }

    /// <summary>A run that ends before its body could say why must not leave the engine in front waiting.</summary>
    private async Task FollowAsync(RunContext own, int number)
    {
        try
        {
            await _control.SubmitAsync(own);
        }
        catch (Exception e)
        {
            Link.Reply(number, new PartReply(true, [], [], e));
            throw;
        }
    }
}
