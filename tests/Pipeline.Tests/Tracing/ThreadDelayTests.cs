using System.Diagnostics;
using LayerStream.Actors.Ring;
using LayerStream.Actors.Tracing;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>What others take of the compute thread's time is no arithmetic: collections, and programs on the same cores.</summary>
public sealed class ThreadDelayTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void Collection_DuringArithmetic_IsAWaitOfItsOwn()
    {
        (PassAccount account, TraceRing trace) = Create();
        account.BeginPass(1);
        long begin = Stopwatch.GetTimestamp();
        while (GC.CollectionCount(2) < 3 || Stopwatch.GetElapsedTime(begin) < TimeSpan.FromMilliseconds(5))
        {
            GC.Collect();
        }

        account.EndCompute(Stopwatch.GetTimestamp(), 7);
        Assert.True(account.WaitTicks[(int)StallReason.GcPause] > 0);
        CheckTiled(account, trace);
    }

    [Fact]
    public void Core_UsedByOthers_IsAWaitOfItsOwn()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/proc/self/schedstat"), "nobody tells how long a thread had no core");
        using CancellationTokenSource over = new();
        Thread[] rivals = [.. Enumerable.Range(0, (2 * Environment.ProcessorCount) + 1).Select(_ => new Thread(() =>
        {
            while (!over.IsCancellationRequested)
            {
                Thread.SpinWait(1000);
            }
        }))];
        Array.ForEach(rivals, r => r.Start());
        (PassAccount account, TraceRing trace) = Create();
        for (long begin = Stopwatch.GetTimestamp();
            account.WaitTicks[(int)StallReason.Cpu] == 0 && Stopwatch.GetElapsedTime(begin) < s_patience;)
        {
            account.BeginPass(1);
            for (long pass = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(pass) < TimeSpan.FromMilliseconds(30);)
            {
                Thread.SpinWait(1000);
            }

            account.EndCompute(Stopwatch.GetTimestamp(), 7);
        }

        over.Cancel();
        Array.ForEach(rivals, r => r.Join());
        Assert.True(account.WaitTicks[(int)StallReason.Cpu] > 0);
        CheckTiled(account, trace);
    }

    /// <summary>Intervals of arithmetic and waits of a pass lie end to end, and the sums are theirs.</summary>
    private static void CheckTiled(PassAccount account, TraceRing trace)
    {
        TraceEvent[] events = [.. trace.Snapshot()];
        Assert.Equal(account.ComputeTicks, events.Where(e => e.Kind == TraceKind.Compute).Sum(e => e.EndTicks - e.StartTicks));
        Assert.Equal(account.WaitTicks.Sum(), events.Where(e => e.Kind == TraceKind.Wait).Sum(e => e.EndTicks - e.StartTicks));
        for (int i = 1; i < events.Length; i++)
        {
            Assert.True(events[i].StartTicks >= events[i - 1].EndTicks);
            Assert.True(events[i].Kind == TraceKind.Compute || events[i].StartTicks == events[i - 1].EndTicks);
        }
    }

    private static (PassAccount Account, TraceRing Trace) Create()
    {
        TraceRing trace = new(1024);
        return (new PassAccount(trace, new WaitBoard().Compute), trace);
    }
}
