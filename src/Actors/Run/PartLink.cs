using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using LayerStream.Kernels.Crew;

namespace LayerStream.Actors.Run;

/// <summary>
/// Between two engines that run one model: orders from the compute thread of the one in front to that of the one behind, and replies.
/// Changes of states are never lost: what a run that ended did not come to is done at the start of the next one.
/// </summary>
internal sealed class PartLink : IDisposable
{
    private readonly ConcurrentQueue<PartOrder> _orders = new();
    private readonly ConcurrentQueue<(int Run, PartReply Reply)> _replies = new();
    private readonly Gate _ordered = new(), _replied = new();
    private int _run;

    /// <summary>A run begins; answers to older ones are passed over.</summary>
    internal void BeginRun() => Interlocked.Increment(ref _run);

    /// <summary>Tells the engine behind.</summary>
    internal void Tell(PartOrder order)
    {
        _orders.Enqueue(order with { Run = Volatile.Read(ref _run) });
        _ordered.Signal();
    }

    /// <summary>The next reply; waits for it.</summary>
    /// <exception cref="Exception">What the pass behind failed with.</exception>
    internal PartReply NextReply(CancellationToken cancel)
    {
        while (true)
        {
            while (_replies.TryDequeue(out (int Run, PartReply Reply) next))
            {
                if (next.Run != Volatile.Read(ref _run))
                {
                    continue;
                }

                if (next.Reply.Failure is { } failure)
                {
                    ExceptionDispatchInfo.Throw(failure);
                }

                return next.Reply;
            }

            _replied.Wait(cancel);
        }
    }

    /// <summary>The next order; waits for it.</summary>
    internal PartOrder NextOrder(CancellationToken cancel)
    {
        PartOrder? order;
        while (!TryNext(static _ => true, out order))
        {
            _ordered.Wait(cancel);
        }

        return order;
    }

    /// <summary>The next order, if it is there and to go on with some rows.</summary>
    internal bool TryKeep([NotNullWhen(true)] out PartOrder.Keep? keep)
    {
        bool isThere = TryNext(static order => order is PartOrder.Keep, out PartOrder? order);
        keep = order as PartOrder.Keep;
        return isThere;
    }

    /// <summary>Answers the engine in front, as far as the run goes on.</summary>
    internal void Reply(int run, PartReply reply)
    {
        _replies.Enqueue((run, reply));
        _replied.Signal();
    }

    /// <summary>The run that is under way.</summary>
    internal int Run => Volatile.Read(ref _run);

    /// <inheritdoc/>
    public void Dispose()
    {
        _ordered.Dispose();
        _replied.Dispose();
    }

    private bool TryNext(Func<PartOrder, bool> isWanted, [NotNullWhen(true)] out PartOrder? order)
    {
        while (_orders.TryPeek(out order))
        {
            bool isOld = order is not PartOrder.State && order.Run != Volatile.Read(ref _run);
            if (!isOld && !isWanted(order))
            {
                break;
            }

            _orders.TryDequeue(out order);
            if (!isOld && order is not null)
            {
                return true;
            }
        }

        order = null;
        return false;
    }
}
