using System.Diagnostics;
using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>What goes wrong in a pass of several sequences reaches those it concerns.</summary>
public sealed class SweepFaultTests
{
    private const int NoSuchDevice = 6; // an error that no retry mends
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Read_ThatFails_FailsThoseOfItsPassAndServesThoseThatWait()
    {
        int fails = 0;
        await using Engine engine = await SweepModels.StartAsync(
            "llama", 2, wrap: d => new ScriptedDevice(d) { ErrnoAt = _ => Interlocked.Exchange(ref fails, 0) == 1 ? NoSuchDevice : 0 });
        int[] expected = (await engine.RunAsync(TinyModel.Request(6), CancellationToken.None)).Ids;
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using SemaphoreSlim gate = new(0);
        RunRequest held = TinyModel.Request(6, _ => !begun.TrySetResult() && !gate.Wait(10_000));
        Task<RunResult> first = engine.RunAsync(held, CancellationToken.None);
        await begun.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Task<RunResult>[] others = [.. Enumerable.Range(0, 3).Select(_ => engine.RunAsync(TinyModel.Request(6), CancellationToken.None))];
        while (engine.Status() is var status && status.WaitingSequences + status.RunningSequences < 4)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Volatile.Write(ref fails, 1);
        gate.Release(100);
        int failed = 0;
        foreach (Task<RunResult> run in others.Prepend(first))
        {
            try
            {
                Assert.Equal(expected, (await run.WaitAsync(s_limit, TestContext.Current.CancellationToken)).Ids);
            }
            catch (FlashReadException)
            {
                failed++;
            }
        }

        Assert.InRange(failed, 1, 2);
        Assert.Equal(expected, (await engine.RunAsync(TinyModel.Request(6), CancellationToken.None)).Ids);
    }

    [Fact]
    public async Task Sequence_CancelledInTheMiddleOfAPass_CountsTheTimeUpToThere()
    {
        int micros = 0, tokens = 0;
        long began = 0, ended = 0;
        using CancellationTokenSource cancel = new();
        using CancellationTokenRegistration note = cancel.Token.Register(() =>
        {
            Volatile.Write(ref ended, Stopwatch.GetTimestamp());
            Volatile.Write(ref micros, 0);
        });
        await using Engine engine = await SweepModels.StartAsync("llama", 2, pinEvery: 0,
            wrap: d => new ScriptedDevice(d) { DelayMicrosAt = _ => Volatile.Read(ref micros) });
        Task<RunResult> stays = engine.RunAsync(TinyModel.Request(40), CancellationToken.None);
        RunResult goes = await engine.RunAsync(TinyModel.Request(40, _ =>
        {
            if (++tokens == 3)
            {
                Volatile.Write(ref micros, 20_000); // a pass takes far longer than what is left for the sequence
                cancel.CancelAfter(200);
            }

            return false;
        }) with
        { OnPrompt = (_, _) => began = Stopwatch.GetTimestamp() }, cancel.Token);
        Assert.Equal("cancelled", goes.FinishReason);
        Assert.InRange(goes.WallSeconds, Stopwatch.GetElapsedTime(began, ended).TotalSeconds, double.MaxValue);
        Assert.Equal(40, (await stays).Ids.Length);
    }

    [Fact]
    public async Task Cancel_OfOneOfTwo_EndsItWithinThePassAndLeavesTheOther()
    {
        await using Engine engine = await SweepModels.StartAsync("llama", 2);
        int[] expected = (await engine.RunAsync(TinyModel.Request(12), CancellationToken.None)).Ids;
        using CancellationTokenSource cancel = new();
        TaskCompletionSource both = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using SemaphoreSlim gate = new(0);
        Task<RunResult> stays = engine.RunAsync(TinyModel.Request(12, _ => !both.Task.IsCompleted && !gate.Wait(10_000)),
            CancellationToken.None);
        int tokens = 0;
        Task<RunResult> goes = engine.RunAsync(TinyModel.Request(40, _ =>
        {
            both.TrySetResult();
            return ++tokens == 30 && !cancel.Token.WaitHandle.WaitOne(10_000); // a cancel that is late finds it still there
        }), cancel.Token);
        gate.Release(100);
        await both.Task.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        await cancel.CancelAsync();
        RunResult cancelled = await goes.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Equal("cancelled", cancelled.FinishReason);
        Assert.Equal(expected[..Math.Min(12, cancelled.Ids.Length)], cancelled.Ids[..Math.Min(12, cancelled.Ids.Length)]);
        Assert.Equal(expected, (await stays.WaitAsync(s_limit, TestContext.Current.CancellationToken)).Ids);
    }

    [Fact]
    public async Task Sequences_SideBySide_ShareThePasses()
    {
        await using Engine engine = await SweepModels.StartAsync("llama", 4, batch: 64);
        using SemaphoreSlim gate = new(0);
        long before = engine.Status().Passes;
        Task<RunResult> first = engine.RunAsync(TinyModel.Request(12, _ => !gate.Wait(10_000)), CancellationToken.None);
        Task<RunResult>[] others = [.. Enumerable.Range(0, 3).Select(_ => engine.RunAsync(TinyModel.Request(12), CancellationToken.None))];
        while (engine.Status().WaitingSequences + engine.Status().RunningSequences < 4)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        gate.Release(100);
        await Task.WhenAll(others.Append(first));
        Assert.InRange(engine.Status().Passes - before, 12, 14); // 48 with one after the other
    }

    [Fact]
    public async Task Logits_AskedForWhileSequencesRun_HaveTheirTurn()
    {
        await using Engine engine = await SweepModels.StartAsync("llama", 2);
        List<float[]> alone = [], beside = [];
        await engine.LogitsAsync(TinyModel.Prompt, (_, row) => alone.Add(row.ToArray()), CancellationToken.None);
        int[] expected = (await engine.RunAsync(TinyModel.Request(12), CancellationToken.None)).Ids;
        Task<RunResult>[] runs = [.. Enumerable.Range(0, 6).Select(_ => engine.RunAsync(TinyModel.Request(12), CancellationToken.None))];
        await engine.LogitsAsync(TinyModel.Prompt, (_, row) => beside.Add(row.ToArray()), CancellationToken.None);
        Assert.Equal(alone, beside);
        foreach (RunResult result in await Task.WhenAll(runs))
        {
            Assert.Equal(expected, result.Ids);
        }
    }
}
