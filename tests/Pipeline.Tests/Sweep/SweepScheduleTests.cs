using LayerStream.Actors;
using LayerStream.Actors.Run;
using LayerStream.Kernels.Quants.Activations;
using LayerStream.Planning.Drafts;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>
/// Sequences that join, leave, guess, fail and are cancelled at random beside each other: each has the ids of its single run.
/// <c>LAYERSTREAM_SCHEDULE_SEEDS</c> gives the number of schedules over the tiny models, <c>LAYERSTREAM_SCHEDULE_PAGE_SEEDS</c> of
/// those of a model with fewer pages than its sequences want, <c>LAYERSTREAM_SCHEDULE_FILE_SEEDS</c> of those over a real file
/// (<c>LAYERSTREAM_SCHEDULE_MODEL</c> if not the one that is shipped), <c>LAYERSTREAM_SCHEDULE_CANCELS</c> of cancels.
/// </summary>
public sealed class SweepScheduleTests
{
    private const int Requests = 12;
    private const int Seats = 8;

    public static TheoryData<string> Models => [.. SweepModels.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Sequences_InRandomSchedules_HaveTheIdsOfTheirSingleRuns(string name)
    {
        SweepScript script = new((sequences, seed) => SweepModels.StartAsync(name, sequences, batch: 3 + (seed * 7 % 14), seed: seed,
            pages: seed % 3 == 2 ? Math.Min(2, sequences) : sequences,
            change: o => o with
            {
                KeepsSnapshots = true,
                Drafts = (seed % 4) switch { 0 => DraftMode.Prompt, 2 => DraftMode.Model, _ => DraftMode.Auto },
                DraftModel = (seed % 8) switch { 2 or 3 => SweepModels.Draft("llama"), 6 or 7 => SweepModels.Draft("qwen35"), _ => null },
            }));
        int seeds = SweepScript.Count("LAYERSTREAM_SCHEDULE_SEEDS", 4 * SweepModels.Names.Length) / SweepModels.Names.Length;
        int drafted = 0, accepted = 0;
        for (int seed = 0; seed < seeds; seed++)
        {
            (int tried, int right) = await script.RunAsync(seed, Requests);
            (drafted, accepted) = (drafted + tried, accepted + right);
        }

        TestContext.Current.SendDiagnosticMessage($"{name}: {seeds} schedules, {drafted} guesses, {accepted} right");
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gemma3")]
    [InlineData("deepseek3")]
    [InlineData("qwen35moe")]
    public async Task Sequences_InRandomSchedulesWithFewPages_HaveTheIdsOfTheirSingleRuns(string name)
    {
        SweepScript script = new((sequences, seed) => SweepModels.StartAsync(name, sequences, batch: 40, seed: seed,
            pages: 4 + (sequences == 1 ? 0 : seed % 2), pinEvery: sequences == 1 ? 1 : null, change: o => o with
            {
                Context = 512,
                KeepsSnapshots = true,
                Drafts = seed % 2 == 0 ? DraftMode.Prompt : DraftMode.Auto,
            }), [3, 120, 200], 200, longShare: 0.4)
        { Model = name };
        // Who runs beside whom follows from the clock: where pages never ran out, further schedules are tried.
        int seeds = SweepScript.Count("LAYERSTREAM_SCHEDULE_PAGE_SEEDS", 2), ran = 0;
        for (; ran < seeds || (script.Parks == 0 && ran < 8 * seeds); ran++)
        {
            await script.RunAsync(ran, Requests);
        }

        Assert.True(script.Parks > 0, $"pages never ran out in {ran} schedules");
        TestContext.Current.SendDiagnosticMessage($"{name}: {ran} schedules, {script.Parks} times pages ran out");
    }

    [Theory]
    [InlineData("gemma3")]
    [InlineData("gemma4-e")]
    [InlineData("gptoss")]
    public async Task Sequences_InRandomSchedulesThatGiveUpWhatIsBehindWindows_HaveTheIdsOfTheirSingleRuns(string name)
    {
        SweepScript script = new((sequences, seed) => SweepModels.StartAsync(name, sequences, batch: 40, seed: seed,
            pages: 4 + (sequences == 1 ? 0 : seed % 4), pinEvery: sequences == 1 ? 1 : null,
            windows: sequences == 1 ? 0 : 2 + (seed % 2), change: o => o with
            {
                Context = 512,
                KeepsSnapshots = true,
                Drafts = seed % 3 == 0 ? DraftMode.Prompt : DraftMode.Auto,
            }), [3, 120, 200], 200, longShare: 0.4)
        { Model = name };
        int seeds = SweepScript.Count("LAYERSTREAM_SCHEDULE_PAGE_SEEDS", 2);
        for (int seed = 0; seed < seeds; seed++)
        {
            await script.RunAsync(seed, Requests);
        }
    }

    [Fact]
    public async Task Sequences_OfARealFileThatStreams_HaveTheIdsOfTheirSingleRuns()
    {
        int seeds = SweepScript.Count("LAYERSTREAM_SCHEDULE_FILE_SEEDS", 0);
        Assert.SkipWhen(seeds == 0, "LAYERSTREAM_SCHEDULE_FILE_SEEDS says how many");
        string path = Environment.GetEnvironmentVariable("LAYERSTREAM_SCHEDULE_MODEL") ?? ShippedModel();
        SweepScript script = new((sequences, seed) => StartAsync(path, sequences, seed));
        for (int seed = 0; seed < seeds; seed++)
        {
            await script.RunAsync(seed, Requests);
        }
    }

    [Fact]
    public async Task Background_ThatCameFirst_IsSeatedBehindTheOthers()
    {
        await using Engine engine = await SweepModels.StartAsync("llama", sequences: 1);
        List<string> order = [];
        List<Task<RunResult>> later = [];
        await engine.RunAsync(TinyModel.Request(4, _ =>
        {
            if (later.Count == 0)
            {
                foreach (string name in (string[])["background", "first", "second"])
                {
                    later.Add(Run(name));
                    Assert.True(SpinWait.SpinUntil(() => engine.Status().WaitingSequences == later.Count, TimeSpan.FromSeconds(30)));
                }
            }

            return false;
        }), CancellationToken.None);
        await Task.WhenAll(later);
        Assert.Equal(["first", "second", "background"], order);

        Task<RunResult> Run(string name) => engine.RunAsync(TinyModel.Request(2, _ =>
        {
            if (!order.Contains(name))
            {
                order.Add(name);
            }

            return false;
        }) with
        { IsBackground = name == "background" }, CancellationToken.None);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gptoss")]
    [InlineData("qwen35moe")]
    public async Task Cancels_AtRandomPointsOfEightSequences_LeaveNothingAndTouchNobody(string name)
    {
        int most = SweepScript.Count("LAYERSTREAM_SCHEDULE_CANCELS", 60) / 3;
        await using Engine engine = await SweepModels.StartAsync(name, Seats, batch: 24, change: o => o with { KeepsSnapshots = true });
        int[] expected = (await engine.RunAsync(TinyModel.Request(40), CancellationToken.None)).Ids;
        long held = SweepScript.Held(engine);
        Random random = new(most);
        for (int cancels = 0; cancels < most;)
        {
            bool[] goes = [.. Enumerable.Range(0, Seats).Select(i => i > 0 && random.Next(2) == 0)];
            Task[] runs = [.. goes.Select((isCancelled, i) =>
            {
                int seed = random.Next();
                return Task.Run(() => RunAsync(engine, isCancelled, new Random(seed), expected));
            })];
            await Task.WhenAll(runs);
            cancels += goes.Count(g => g);
            EngineStatus status = engine.Status();
            Assert.Equal((status.TotalSlots, status.TransientSlots, 0),
                (status.FreeSlots, status.FreeTransientSlots, status.InFlightReads));
            Assert.Equal((0, 0, held), (status.RunningSequences, status.WaitingSequences, SweepScript.Held(engine)));
            Assert.Equal((0, status.Pages.Total), (status.Pages.Held, status.Pages.Free + status.Pages.Kept));
        }
    }

    private static async Task RunAsync(Engine engine, bool isCancelled, Random random, int[] expected)
    {
        int tokens = random.Next(4, 40), at = random.Next(-6, tokens), seen = 0;
        using CancellationTokenSource cancel = new();
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<RunResult> running = engine.RunAsync(TinyModel.Request(tokens, _ => ++seen > at && reached.TrySetResult() && false)
            with
        { ReuseScope = random.Next(2) == 0 ? null : "s" }, cancel.Token);
        if (isCancelled)
        {
            await Task.WhenAny(at < 0 ? Task.Delay(random.Next(8)) : reached.Task, running);
            Thread.SpinWait(random.Next(30_000)); // so that it comes anywhere in a pass
            await cancel.CancelAsync();
        }

        RunResult result = await running.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(expected[..result.Ids.Length], result.Ids);
        Assert.True(isCancelled || result.Ids.Length == tokens);
    }

    private static string ShippedModel()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LayerStream.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder!.FullName, "models", "SmolLM2-135M-Instruct-Q4_1.gguf");
    }

    /// <summary>A real file of which every second tile streams.</summary>
    private static Task<Engine> StartAsync(string path, int sequences, int seed)
    {
        EngineOptions options = TinyModel.Options(depth: 1 + (seed % 4)) with
        {
            ModelPath = path,
            Sequences = sequences,
            Activations = ActivationMode.Int8,
            Drafts = seed % 2 == 0 ? DraftMode.Prompt : DraftMode.Auto,
        };
        EnginePlan plan = TinyModel.StreamingPlan(options, 256 * 1024, pinEvery: 2);
        plan = plan.Divided(plan.Spec, plan.Memory with { Batch = 8 + sequences, LogitRows = 4 + sequences });
        return Engine.StartAsync(plan, options, FlashDevice.Open([path]), null, CancellationToken.None);
    }
}
