using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Memory;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Whatever fails: the request it served fails with a typed error, the next one answers, every slot is back, and nobody waits for
/// ever.</summary>
public sealed class LifeCycleTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    public static TheoryData<string, int> Points
    {
        get
        {
            TheoryData<string, int> points = [];
            foreach (StageKind stage in Enum.GetValues<StageKind>())
            {
                foreach (string message in (string[])[FaultPoint.Start, FaultPoint.Stop, FaultPoint.Ended, FaultPoint.Settle])
                {
                    points.Add(FaultPoint.Of(stage, message), 1);
                }
            }

            foreach (string point in (string[])[FaultPoint.PrefetchLoop, FaultPoint.EvictionLoop, FaultPoint.TileCompleted])
            {
                points.Add(point, 1);
                points.Add(point, 9);
            }

            points.Add(FaultPoint.ComputeLoop, 1);
            points.Add(FaultPoint.ComputeThread, 1);
            points.Add(FaultPoint.EngineSubmit, 1);
            points.Add(FaultPoint.EngineComputeEnded, 1);
            points.Add(FaultPoint.EngineStageStopped, 1);
            points.Add(FaultPoint.EngineStageStopped, 3);
            points.Add(FaultPoint.EngineFinish, 1);
            return points;
        }
    }

    [Theory]
    [MemberData(nameof(Points))]
    public async Task Fault_AtANamedPoint_FailsItsRunAndServesTheNext(string point, int time)
    {
        await using Engine engine = await TinyModel.StartAsync();
        int[] expected = (await engine.RunAsync(TinyModel.Request(3), CancellationToken.None)).Ids;
        long live = AlignedBuffer.LiveCount;
        await AssertFailsAsync(engine, Throwing(point, time));
        await AssertServesAsync(engine, expected);
        Assert.Equal(live, AlignedBuffer.LiveCount);
    }

    [Theory]
    [InlineData(FaultPoint.PrefetchLoop, FaultPoint.EngineStageDied)]
    [InlineData(FaultPoint.ComputeThread, FaultPoint.EngineStageDied)]
    [InlineData(FaultPoint.TileCompleted, FaultPoint.EngineCompletionFailed)]
    [InlineData(FaultPoint.EvictionLoop, FaultPoint.EngineFinish)]
    public async Task Fault_UponAFault_FailsItsRunAndServesTheNext(string first, string second)
    {
        await using Engine engine = await TinyModel.StartAsync();
        int[] expected = (await engine.RunAsync(TinyModel.Request(3), CancellationToken.None)).Ids;
        Action<string> one = Throwing(first, 2), two = Throwing(second, 1), once = Throwing(first, 1);
        await AssertFailsAsync(engine, first == FaultPoint.ComputeThread ? Both(once, two) : Both(one, two));
        await AssertServesAsync(engine, expected);
    }

    [Fact]
    public async Task Fault_AtEveryStopOfAStage_EndsTheRun()
    {
        await using Engine engine = await TinyModel.StartAsync();
        int[] expected = (await engine.RunAsync(TinyModel.Request(3), CancellationToken.None)).Ids;
        await AssertFailsAsync(engine, point =>
        {
            if (point == FaultPoint.Of(StageKind.Eviction, FaultPoint.Stop))
            {
                throw new InvalidOperationException(point);
            }
        });
        await AssertServesAsync(engine, expected);
    }

    [Fact]
    public async Task Fault_OfOneRun_LeavesThoseThatWaitAlone()
    {
        await using Engine engine = await TinyModel.StartAsync();
        int[] expected = (await engine.RunAsync(TinyModel.Request(3), CancellationToken.None)).Ids;
        foreach (string point in (string[])[FaultPoint.EngineComputeEnded, FaultPoint.PrefetchLoop, FaultPoint.EngineFinish])
        {
            Task<RunResult> failing = engine.RunAsync(TinyModel.Request(3), Throwing(point, 1), CancellationToken.None);
            Task<RunResult>[] waiting = [.. Enumerable.Range(0, 3)
                .Select(_ => engine.RunAsync(TinyModel.Request(3), CancellationToken.None))];
            await Assert.ThrowsAsync<EngineFaultException>(() => failing.WaitAsync(s_limit, TestContext.Current.CancellationToken));
            foreach (Task<RunResult> run in waiting)
            {
                Assert.Equal(expected, (await run.WaitAsync(s_limit, TestContext.Current.CancellationToken)).Ids);
            }
        }
    }

    [Fact]
    public async Task Dispose_WhileRunsAreActive_EndsThemFirst()
    {
        Engine engine = await TinyModel.StartAsync(d => new ScriptedDevice(d) { DelayMicrosAt = _ => 50 });
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<RunResult> active = engine.RunAsync(TinyModel.Request(40, _ => !begun.TrySetResult() && false), CancellationToken.None);
        Task<RunResult> waiting = engine.RunAsync(TinyModel.Request(40), CancellationToken.None);
        await begun.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        await engine.DisposeAsync().AsTask().WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Equal("cancelled", (await active).FinishReason);
        Assert.Equal("cancelled", (await waiting).FinishReason);
        await engine.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.RunAsync(TinyModel.Request(1), CancellationToken.None));
    }

    [Fact]
    public async Task Watchdog_NothingMoves_NamesTheWaitsFailsTheRunAndServesTheNext()
    {
        await using Engine engine = await TinyModel.StartAsync(stallLimit: TimeSpan.FromSeconds(1));
        int[] expected = (await engine.RunAsync(TinyModel.Request(3), CancellationToken.None)).Ids;
        // A pass that prefetch was never told of: compute waits for a tile, prefetch for a pass.
        EngineStalledException stalled = await Assert.ThrowsAsync<EngineStalledException>(
            () => engine.ExecuteAsync(session => session.Execute([1], 0, 1, 0, 1), null, CancellationToken.None)
                .WaitAsync(s_limit, TestContext.Current.CancellationToken));
        Assert.Contains("compute waits for a tile since", stalled.Message, StringComparison.Ordinal);
        Assert.Contains("prefetch waits for a pass", stalled.Message, StringComparison.Ordinal);
        await AssertServesAsync(engine, expected);
    }

    [Fact]
    public async Task Watchdog_WhileACallerThinks_FailsNothing()
    {
        await using Engine engine = await TinyModel.StartAsync(stallLimit: TimeSpan.FromSeconds(1));
        using ManualResetEventSlim gate = new();
        RunResult result = await engine.RunAsync(TinyModel.Request(2, _ => gate.Wait(2500) && false), CancellationToken.None)
            .WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Equal(2, result.GeneratedTokens);
    }

    private static Action<string> Throwing(string point, int time)
    {
        int calls = 0;
        return p =>
        {
            if (p == point && Interlocked.Increment(ref calls) == time)
            {
                throw new InvalidOperationException($"fault at {point}");
            }
        };
    }

    private static Action<string> Both(Action<string> one, Action<string> two) => p =>
    {
        one(p);
        two(p);
    };

    private static async Task AssertFailsAsync(Engine engine, Action<string> hook)
    {
        bool failed = false;
        try
        {
            await engine.RunAsync(TinyModel.Request(3), hook, CancellationToken.None).WaitAsync(s_limit);
        }
        catch (Exception e) when (e is EngineFaultException or InvalidOperationException { Message: "fault at compute" })
        {
            failed = true;
        }

        Assert.True(failed, "the run with the fault succeeded");
    }

    private static async Task AssertServesAsync(Engine engine, int[] expected)
    {
        Assert.Equal(expected, (await engine.RunAsync(TinyModel.Request(3), CancellationToken.None).WaitAsync(s_limit)).Ids);
        EngineStatus status = engine.Status();
        Assert.Null(status.Failure);
        Assert.Equal((status.TotalSlots, status.TransientSlots, 0), (status.FreeSlots, status.FreeTransientSlots, status.InFlightReads));
    }
}
