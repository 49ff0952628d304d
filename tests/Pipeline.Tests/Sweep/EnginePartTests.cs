using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Formats;
using LayerStream.Models.Building;
using LayerStream.Models.Spec;
using LayerStream.Planning.Drafts;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>A model of which two engines have some layers each: every sequence has the ids of its single run in one engine.</summary>
public sealed class EnginePartTests
{
    private const int Context = 512;

    public static TheoryData<string> Models => ["llama", "gemma3", "gptoss", "deepseek3", "qwen35moe", "qwen3next-ssm-in"];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Sequences_OfAModelInTwoEngines_JoinParkAndAreCancelledAsInOne(string name)
    {
        int seeds = SweepScript.Count("LAYERSTREAM_SCHEDULE_PART_SEEDS", 1);
        int layers = ModelSpecBuilder.Build(GgufModel.Open(SweepModels.PathOf(name))).Layers.Count;
        List<EnginePart> parts = [];
        SweepScript script = new(async (sequences, seed) =>
        {
            (Engine engine, EnginePart behind) = await SweepModels.StartCutAsync(name, 1 + (seed % (layers - 1)), sequences, seed,
                4 + (sequences == 1 ? 0 : seed % 2), Options);
            parts.Add(behind);
            return engine;
        }, [3, 120, 200], 200, longShare: 0.4)
        { Model = name, Single = () => SweepModels.StartSingleAsync(name, 40, Options) };
        for (int seed = 0; seed < seeds; seed++)
        {
            await script.RunAsync(seed, 8);
        }

        Assert.Equal(seeds, parts.Count);
        TestContext.Current.SendDiagnosticMessage($"{name}: {seeds} schedules, {script.Parks} times pages ran out");
    }

    [Theory]
    [InlineData("llama", 1)]
    [InlineData("qwen35moe", 1)]
    [InlineData("qwen35moe", 3)]
    public async Task State_OfAModelInTwoEngines_StaysForTheNextTurnInBoth(string name, int cut)
    {
        await using Engine whole = await SweepModels.StartSingleAsync(name, 40, Options);
        (Engine engine, EnginePart behind) = await SweepModels.StartCutAsync(name, cut, 2, 1, 8, Options);
        await using (engine)
        {
            int[] prompt = SweepModels.Tokens(new Random(4), engine, 200);
            RunResult first = await engine.RunAsync(SweepModels.Request(prompt, 30, "a"), CancellationToken.None);
            int[] next = [.. prompt, .. first.Ids, .. SweepModels.Tokens(new Random(5), engine, 20)];
            RunResult second = await engine.RunAsync(SweepModels.Request(next, 20, "a"), CancellationToken.None);
            Assert.InRange(second.CachedTokens, prompt.Length, next.Length - 1);
            Assert.Equal((await whole.RunAsync(SweepModels.Request(next, 20), CancellationToken.None)).Ids, second.Ids);

            int[] other = [.. next[..190], .. SweepModels.Tokens(new Random(6), engine, 30)];
            RunResult fork = await engine.RunAsync(SweepModels.Request(other, 20, "a"), CancellationToken.None);
            Assert.Equal((await whole.RunAsync(SweepModels.Request(other, 20), CancellationToken.None)).Ids, fork.Ids);

            List<float[]> logits = [], expected = [];
            await whole.LogitsAsync(next, (_, row) => expected.Add(row.ToArray()), CancellationToken.None);
            await engine.LogitsAsync(next, (_, row) => logits.Add(row.ToArray()), CancellationToken.None);
            Assert.Equal(expected, logits);
            PageCounts pages = engine.Status().Pages;
            Assert.Equal(pages.Total - pages.Free, behind.HeldPages);
            Assert.True(behind.IsAtRest);
        }
    }

    [Fact]
    public async Task Cancel_WhileTheEngineBehindComputes_EndsOneAndLeavesTheOther()
    {
        int micros = 0, tokens = 0;
        using CancellationTokenSource cancel = new();
        using CancellationTokenRegistration note = cancel.Token.Register(() => Volatile.Write(ref micros, 0));
        await using Engine whole = await SweepModels.StartSingleAsync("llama", 40, Options);
        (Engine engine, EnginePart behind) = await SweepModels.StartCutAsync("llama", 1, 2, 0, 8, Options,
            d => new ScriptedDevice(d) { DelayMicrosAt = _ => Volatile.Read(ref micros) });
        await using (engine)
        {
            RunRequest request = TinyModel.Request(40);
            int[] expected = (await whole.RunAsync(request, CancellationToken.None)).Ids;
            Task<RunResult> stays = engine.RunAsync(request, CancellationToken.None);
            RunResult goes = await engine.RunAsync(TinyModel.Request(40, _ =>
            {
                if (++tokens == 3)
                {
                    Volatile.Write(ref micros, 20_000); // of each read behind, so that the cancel falls into its layers
                    cancel.CancelAfter(150);
                }

                return false;
            }), cancel.Token);
            Assert.Equal("cancelled", goes.FinishReason);
            Assert.Equal(expected[..goes.Ids.Length], goes.Ids);
            Assert.Equal(expected, (await stays).Ids);

            using CancellationTokenSource alone = new();
            RunResult last = await engine.RunAsync(TinyModel.Request(40, _ =>
            {
                alone.CancelAfter(20);
                Volatile.Write(ref micros, 5_000);
                return false;
            }), alone.Token);
            Volatile.Write(ref micros, 0);
            Assert.Equal(("cancelled", true), (last.FinishReason, behind.IsAtRest));
            Assert.Equal(expected, (await engine.RunAsync(request, CancellationToken.None)).Ids);
        }
    }

    [Fact]
    public async Task Read_ThatFailsBehind_FailsItsPassAndBothGoOn()
    {
        const int NoSuchDevice = 6;
        int fails = 0;
        await using Engine whole = await SweepModels.StartSingleAsync("llama", 40, Options);
        (Engine engine, EnginePart behind) = await SweepModels.StartCutAsync("llama", 1, 2, 0, 8, Options,
            d => new ScriptedDevice(d) { ErrnoAt = _ => Interlocked.Exchange(ref fails, 0) == 1 ? NoSuchDevice : 0 });
        await using (engine)
        {
            int[] expected = (await whole.RunAsync(TinyModel.Request(8), CancellationToken.None)).Ids;
            Volatile.Write(ref fails, 1);
            await Assert.ThrowsAsync<FlashReadException>(() => engine.RunAsync(TinyModel.Request(8), CancellationToken.None));
            Assert.True(behind.IsAtRest);
            Assert.Equal(expected, (await engine.RunAsync(TinyModel.Request(8), CancellationToken.None)).Ids);
        }
    }

    [Fact]
    public void Parts_OfAModel_HaveEachMatrixOnce()
    {
        GgufModel model = GgufModel.Open(TinyModel.Path);
        ModelSpec whole = ModelSpecBuilder.Build(model);
        ModelSpec front = ModelSpecBuilder.Build(model, new LayerRange(0, 1)),
            behind = ModelSpecBuilder.Build(model, new LayerRange(1, whole.Layers.Count));
        Assert.Equal(whole.Matrices.Select(m => m.Tensor.Name), front.Matrices.Concat(behind.Matrices).Select(m => m.Tensor.Name));
        Assert.Equal((false, true, 1), (front.HasHead, behind.HasHead, behind.FirstLayer));
        Assert.Throws<ArgumentException>(() => ModelSpecBuilder.Build(model, new LayerRange(1, 1)));
    }

    private static EngineOptions Options(EngineOptions options) => options with
    {
        Context = Context,
        KeepsSnapshots = true,
        Drafts = DraftMode.Prompt,
    };
}
