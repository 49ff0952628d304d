using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Memory;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests;

public sealed class FaultTests
{
    private const int InputOutputError = 5;

    [Fact]
    public async Task PersistentReadError_AtEveryRead_FailsThatRunWithItsTensorAndServesTheNext()
    {
        ScriptedDevice device = null!;
        await using Engine engine = await TinyModel.StartAsync(d => device = new ScriptedDevice(d));
        int[] expected = (await engine.RunAsync(TinyModel.Request(2), CancellationToken.None)).Ids;
        long first = device.Reads;
        await engine.RunAsync(TinyModel.Request(2), CancellationToken.None);
        long reads = device.Reads - first;
        Assert.True(reads > 50, $"only {reads} reads");
        for (long n = 0; n < reads; n++)
        {
            long from = device.Reads + n, failed = -1;
            device.ErrnoAt = r => r >= from && (failed < 0 || r <= failed + 40) ? Fail(r, ref failed) : 0;
            FlashReadException? error = null;
            try
            {
                await engine.RunAsync(TinyModel.Request(2), CancellationToken.None);
            }
            catch (FlashReadException e)
            {
                error = e;
            }

            Assert.True(error is not null, $"read {n} of {reads} failed and nobody said so");
            Assert.Equal(InputOutputError, error.Errno);
            Assert.False(string.IsNullOrEmpty(error.Tensor));
            device.ErrnoAt = null;
            Assert.Equal(engine.Status().TotalSlots, engine.Status().FreeSlots);
            Assert.Equal(0, engine.Status().InFlightReads);
        }

        Assert.Equal(expected, (await engine.RunAsync(TinyModel.Request(2), CancellationToken.None)).Ids);
    }

    [Fact]
    public async Task TransientReadError_AtEveryRead_IsInvisible()
    {
        ScriptedDevice device = null!;
        await using Engine engine = await TinyModel.StartAsync(d => device = new ScriptedDevice(d));
        int[] expected = (await engine.RunAsync(TinyModel.Request(2), CancellationToken.None)).Ids;
        long before = device.Reads;
        await engine.RunAsync(TinyModel.Request(2), CancellationToken.None);
        long reads = device.Reads - before;
        for (long n = 0; n < reads; n += 3)
        {
            long at = device.Reads + n;
            device.ErrnoAt = r => r == at ? InputOutputError : 0;
            Assert.Equal(expected, (await engine.RunAsync(TinyModel.Request(2), CancellationToken.None)).Ids);
        }
    }

    [Theory]
    [InlineData("prefetch")]
    [InlineData("compute")]
    [InlineData("eviction")]
    public async Task Stage_ThatThrows_FailsItsRunOnly(string stage)
    {
        await using Engine engine = await TinyModel.StartAsync();
        int[] expected = (await engine.RunAsync(TinyModel.Request(3), CancellationToken.None)).Ids;
        int calls = 0;
        await Assert.ThrowsAsync<EngineFaultException>(() => engine.RunAsync(
            TinyModel.Request(3),
            s =>
            {
                if (s == stage && Interlocked.Increment(ref calls) == (stage == "compute" ? 1 : 7))
                {
                    throw new EngineFaultException(s, new InvalidOperationException("named point"));
                }
            },
            CancellationToken.None));
        Assert.Equal(expected, (await engine.RunAsync(TinyModel.Request(3), CancellationToken.None)).Ids);
        Assert.Equal(engine.Status().TotalSlots, engine.Status().FreeSlots);
    }

    [Fact]
    public async Task Cancel_AtRandomPoints_FreesEverySlot()
    {
        await using Engine engine = await TinyModel.StartAsync(d => new ScriptedDevice(d) { DelayMicrosAt = _ => 50 });
        int[] expected = (await engine.RunAsync(TinyModel.Request(4), CancellationToken.None)).Ids;
        long live = AlignedBuffer.LiveBytes;
        Random random = new(5);
        for (int i = 0; i < 100; i++)
        {
            using CancellationTokenSource cancel = new();
            cancel.CancelAfter(TimeSpan.FromMicroseconds(random.Next(1, 20_000)));
            RunResult result = await engine.RunAsync(TinyModel.Request(30), cancel.Token);
            Assert.Contains(result.FinishReason, (string[])["cancelled", "length"]);
            Assert.Equal(engine.Status().TotalSlots, engine.Status().FreeSlots);
            Assert.Equal(0, engine.Status().InFlightReads);
        }

        Assert.Equal(live, AlignedBuffer.LiveBytes);
        Assert.Equal(expected, (await engine.RunAsync(TinyModel.Request(4), CancellationToken.None)).Ids);
    }

    [Fact]
    public async Task Prompt_LongerThanTheContext_IsRefusedWithBothNumbers()
    {
        await using Engine engine = await TinyModel.StartAsync();
        RunRequest request = TinyModel.Request() with { Prompt = new int[64] };
        ContextExceededException error = await Assert.ThrowsAsync<ContextExceededException>(() =>
            engine.RunAsync(request, CancellationToken.None));
        Assert.Equal((64, 64), (error.PromptTokens, error.Context));
    }

    private static int Fail(long read, ref long failed)
    {
        failed = failed < 0 ? read : failed;
        return InputOutputError;
    }
}
