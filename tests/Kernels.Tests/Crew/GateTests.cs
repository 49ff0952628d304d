using LayerStream.Kernels.Crew;
using Xunit;

namespace LayerStream.Kernels.Tests;

public sealed class GateTests
{
    [Fact]
    public void Wait_AfterSignals_PassesOnce()
    {
        using var gate = new Gate();
        gate.Signal();
        gate.Signal();
        gate.Wait(TestContext.Current.CancellationToken);
        using var soon = new CancellationTokenSource(30);
        Assert.Throws<OperationCanceledException>(() => gate.Wait(soon.Token));
    }

    [Fact]
    public void Wait_CancelledBefore_ThrowsAndKeepsTheSignal()
    {
        using var gate = new Gate();
        gate.Signal();
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => gate.Wait(source.Token));
        gate.Wait(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Wait_CancelledWhileParked_Throws()
    {
        using var gate = new Gate();
        for (int i = 0; i < 20; i++)
        {
            using var source = new CancellationTokenSource(i % 5);
            Assert.Throws<OperationCanceledException>(() => gate.Wait(source.Token));
        }

        gate.Signal();
        gate.Wait(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(2000)]
    public void Wait_PingPong_LosesNoSignal(int spins)
    {
        using var there = new Gate();
        using var back = new Gate();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        int rounds = spins > 1000 ? 1000 : 10_000;
        var partner = new Thread(() =>
        {
            for (int i = 0; i < rounds; i++)
            {
                there.Wait(limit.Token);
                Thread.SpinWait(spins);
                back.Signal();
            }
        });
        partner.Start();
        for (int i = 0; i < rounds; i++)
        {
            there.Signal();
            back.Wait(limit.Token);
        }

        partner.Join();
    }

    [Fact]
    public void Signal_FromManyThreads_WaiterSeesEveryItem()
    {
        using var gate = new Gate();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        int produced = 0;
        Thread[] producers = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                Interlocked.Increment(ref produced);
                gate.Signal();
                Thread.SpinWait(i % 100);
            }
        }))];
        Array.ForEach(producers, p => p.Start());
        while (Volatile.Read(ref produced) < 8000)
        {
            gate.Wait(limit.Token);
        }

        Array.ForEach(producers, p => p.Join());
    }
}
