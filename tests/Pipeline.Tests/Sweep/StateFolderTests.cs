using LayerStream.Actors;
using LayerStream.Actors.Run;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>States that outlive their engine in a folder: the ids are those of a run that reads everything, whatever befalls the
/// files.</summary>
public sealed class StateFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-states-").FullName;

    public static TheoryData<string> Models => [.. SweepModels.Names];

    private string[] Kept => Directory.GetFiles(_folder, "*.kept", SearchOption.AllDirectories);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Models))]
    public async Task SecondTurn_AfterARestart_GoesOnFromTheFolder(string name)
    {
        await using Engine fresh = await SweepModels.StartAsync(name, 1, batch: 16, change: o => o with { Context = 400 });
        int[] first = Tokens(1, fresh, 290);
        RunResult answer = await RunOnceAsync(name, Request(first, 6));
        Assert.Equal((await fresh.RunAsync(Request(first, 6) with { ReuseScope = null }, CancellationToken.None)).Ids, answer.Ids);
        int[] next = [.. first, .. answer.Ids, 7, 8, 9];
        int[] expected = await FreshIds(fresh, next);
        RunResult second = await RunOnceAsync(name, Request(next, 4));
        Assert.Equal(expected, second.Ids);
        Assert.Equal(first.Length + answer.Ids.Length - 1, second.CachedTokens); // the last token drawn has not been read

        // A template that drops the answer's first tokens: from the snapshot in front of it, or from wherever the prompts part.
        int[] dropped = [.. first, .. answer.Ids[3..], 7, 8];
        bool isRecurrent = name.StartsWith("qwen3", StringComparison.Ordinal);
        RunResult third = await RunOnceAsync(name, Request(dropped, 4));
        Assert.Equal(await FreshIds(fresh, dropped), third.Ids);
        Assert.Equal(isRecurrent ? first.Length - 16 : first.Length + Common(answer.Ids, dropped[first.Length..]), third.CachedTokens);

        // Another conversation with the same beginning takes its full pages, and of the rest what is common.
        int[] shared = [.. first[..200], .. Tokens(2, fresh, 50)];
        RunResult other = await RunOnceAsync(name, Request(shared, 4));
        Assert.Equal(await FreshIds(fresh, shared), other.Ids);
        Assert.True(isRecurrent || other.CachedTokens >= 200, $"{other.CachedTokens}");
    }

    /// <summary>A start that awaits a next turn has the last conversation in place: it needs no file any more.</summary>
    [Theory]
    [InlineData("llama")]
    [InlineData("qwen35moe")]
    public async Task LastConversation_WhereATurnIsAwaited_IsInPlaceAtTheStart(string name)
    {
        await using Engine fresh = await SweepModels.StartAsync(name, 1, batch: 16, change: o => o with { Context = 400 });
        int[] first = Tokens(7, fresh, 290);
        await RunOnceAsync(name, Request(Tokens(8, fresh, 350), 2));
        string[] older = Kept;
        RunResult answer = await RunOnceAsync(name, Request(first, 6));
        int[] next = [.. first, .. answer.Ids, 7, 8, 9];
        int[] expected = await FreshIds(fresh, next);
        string[] names = Kept;
        byte[][] files = [.. names.Select(File.ReadAllBytes)];
        DateTime used = DateTime.UtcNow;
        foreach ((bool awaits, string scope, int cached) in new[] { (true, "a", first.Length + 5), (true, "b", 0), (false, "a", 0) })
        {
            for (int i = 0; i < names.Length; i++)
            {
                File.WriteAllBytes(names[i], files[i]);
                File.SetLastWriteTimeUtc(names[i], used.AddDays(older.Contains(names[i]) ? -2 : -1));
            }

            await using Engine engine = await StartAsync(name, o => o with { AwaitsTurns = awaits });
            Assert.Equal(awaits ? 3 : 0, engine.Status().Pages.Kept);
            Array.ForEach(Kept, File.Delete);
            RunResult second = await engine.RunAsync(Request(next, 4) with { ReuseScope = scope }, CancellationToken.None);
            Assert.Equal(expected, second.Ids);
            Assert.Equal(cached, second.CachedTokens);
        }
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen35moe")]
    public async Task Files_FlippedTruncatedOrOfAnother_AreNeverUsed(string name)
    {
        await using Engine fresh = await SweepModels.StartAsync(name, 1, batch: 16, change: o => o with { Context = 400 });
        int[] first = Tokens(3, fresh, 290), next = [.. first, 1, 2, 3];
        int[] expected = await FreshIds(fresh, next);
        Random random = new(4);
        for (int round = 0; round < 12; round++)
        {
            await RunOnceAsync(name, Request(first, 2));
            string[] files = Kept;
            Assert.True(files.Length >= 3, string.Join('\n', files));
            foreach (string file in files.Where((_, i) => round < 3 || random.Next(2) == 0 || i == 0))
            {
                byte[] bytes = File.ReadAllBytes(file);
                switch (round % 4)
                {
                    case 0:
                        File.WriteAllBytes(file, bytes[..random.Next(bytes.Length)]);
                        break;
                    case 1:
                        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                        File.WriteAllBytes(file, bytes);
                        break;
                    case 2:
                        File.WriteAllBytes(file, [.. bytes, 0]);
                        break;
                    default:
                        File.WriteAllBytes(file, File.ReadAllBytes(files[random.Next(files.Length)]));
                        break;
                }
            }

            RunResult result = await RunOnceAsync(name, Request(next, 4));
            Assert.Equal(expected, result.Ids);
            for (int times = 0; result.CachedTokens < next.Length - 19; times++)
            {
                Assert.InRange(times, 0, files.Length); // each time, a file that was broken is found out and comes anew
                result = await RunOnceAsync(name, Request(next, 4));
                Assert.Equal(expected, result.Ids);
            }
        }
    }

    [Fact]
    public async Task Pages_InFrontOfOneThatIsBroken_AreUsed()
    {
        await using Engine fresh = await SweepModels.StartAsync("llama", 1, batch: 16, change: o => o with { Context = 400 });
        int[] first = Tokens(5, fresh, 390), next = [.. first, 3];
        int[] expected = await FreshIds(fresh, next);
        foreach (int broken in new[] { 2, 1, 0 })
        {
            await RunOnceAsync("llama", Request(first, 2));
            string file = Assert.Single(Kept, f => Path.GetFileName(f).Split('-')[1] == $"{128 * broken}");
            byte[] bytes = File.ReadAllBytes(file);
            bytes[^1] ^= 1;
            File.WriteAllBytes(file, bytes);
            RunResult result = await RunOnceAsync("llama", Request(next, 4));
            Assert.Equal((128 * broken, string.Join(' ', expected)), (result.CachedTokens, string.Join(' ', result.Ids)));
        }
    }

    [Fact]
    public async Task Page_ThatReachesBehindTheContext_IsUsedAsFarAsItIsCommon()
    {
        await using Engine fresh = await SweepModels.StartAsync("llama", 1, batch: 16, change: o => o with { Context = 400 });
        int[] first = Tokens(6, fresh, 520), next = first[..390];
        await RunOnceAsync("llama", Request(first, 2), o => o with { Context = 600 });
        RunResult result = await RunOnceAsync("llama", Request(next, 4));
        Assert.Equal(await FreshIds(fresh, next), result.Ids);
        Assert.Equal(389, result.CachedTokens);
    }

    [Fact]
    public async Task Folder_OfSomeSize_NeverHoldsMoreAndKeepsWhatWasUsedLast()
    {
        int[] last = [];
        long most = 0;
        for (int round = 0; round < 12; round++)
        {
            await using Engine engine = await StartAsync("llama", o => o with { StateBytes = most == 0 ? o.StateBytes : most });
            last = Tokens(100 + round, engine, 200);
            await engine.RunAsync(Request(last, 2), CancellationToken.None);
            await engine.DisposeAsync();
            long bytes = Kept.Sum(f => new FileInfo(f).Length);
            most = most == 0 ? bytes * 3 : most;
            Assert.InRange(bytes, most / 4, most);
        }

        RunResult again = await RunOnceAsync("llama", Request([.. last, 5], 2));
        Assert.Equal(200, again.CachedTokens);
    }

    [Fact]
    public async Task Folder_AnotherOwnerModelOrType_SharesNothing()
    {
        int[] prompt = [.. Enumerable.Range(10, 200)], next = [.. prompt, 5];
        await RunOnceAsync("llama", Request(prompt, 2));
        Assert.Equal(200, (await RunOnceAsync("llama", Request(next, 2))).CachedTokens);
        Assert.Equal(0, (await RunOnceAsync("llama", Request(next, 2) with { ReuseScope = "other" })).CachedTokens);
        Assert.Equal(0, (await RunOnceAsync("llama", Request(next, 2), o => o with { KvType = Kernels.Ops.KvType.F16 })).CachedTokens);
        Assert.Equal(0, (await RunOnceAsync("llama", Request(next, 2),
            o => o with { Activations = Kernels.Quants.Activations.ActivationMode.Int8 })).CachedTokens);
        Assert.Equal(0, (await RunOnceAsync("gemma3", Request(next, 2))).CachedTokens);
        Assert.Equal(200, (await RunOnceAsync("llama", Request(next, 2))).CachedTokens);
    }

    [Fact]
    public async Task Folder_OfAKilledProcess_IsSweptAndItsFilesAreTheOwnersOnly()
    {
        await RunOnceAsync("llama", Request([.. Enumerable.Range(10, 200)], 2));
        string half = Kept[0] + ".part";
        File.WriteAllText(half, "half written");
        await using (Engine engine = await StartAsync("llama"))
        {
            Assert.True(engine.KeepsStates);
            Assert.False(File.Exists(half));
            await using Engine second = await StartAsync("llama");
            Assert.False(second.KeepsStates); // the first one writes
            RunResult result = await second.RunAsync(Request([.. Enumerable.Range(10, 200), 5], 2), CancellationToken.None);
            Assert.Equal(200, result.CachedTokens);
        }

        if (!OperatingSystem.IsWindows())
        {
            foreach (string file in Directory.GetFiles(_folder, "*", SearchOption.AllDirectories))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }
        }
    }

    [Fact]
    public async Task Experts_InMemoryAtTheEnd_AreReadFirstByTheNextStart()
    {
        int[] prompt = [.. Enumerable.Range(10, 60)];
        RunRequest request = Request(prompt, 8);
        await using Engine fresh = await SweepModels.StartAsync("gptoss", 1, batch: 16, change: o => o with { Context = 400 });
        RunResult cold = await fresh.RunAsync(request with { ReuseScope = null }, CancellationToken.None);
        await RunOnceAsync("gptoss", request);
        string file = Assert.Single(Directory.GetFiles(_folder, "experts", SearchOption.AllDirectories));
        await using (Engine warm = await StartAsync("gptoss"))
        {
            RunResult again = await warm.RunAsync(request, CancellationToken.None);
            Assert.Equal(cold.Ids, again.Ids);
            Assert.InRange(warm.Status().ExpertMisses, 0, fresh.Status().ExpertMisses - 1);
        }

        foreach (int length in new[] { 0, 100, (int)new FileInfo(file).Length - 1 })
        {
            File.WriteAllBytes(file, File.ReadAllBytes(file)[..Math.Min(length, (int)new FileInfo(file).Length)]);
            Assert.Equal(cold.Ids, (await RunOnceAsync("gptoss", request)).Ids);
        }
    }

    /// <summary>States are written while their seats are taken again and again.</summary>
    [Theory]
    [InlineData("llama")]
    [InlineData("qwen3next-ssm-in")]
    public async Task States_WrittenWhileSeatsAreTakenAgain_AreThoseThatWereLeft(string name)
    {
        await using Engine fresh = await SweepModels.StartAsync(name, 1, batch: 16, change: o => o with { Context = 400 });
        int[][] prompts = [.. Enumerable.Range(0, 6).Select(i => Tokens(20 + (i / 2), fresh, 150 + (i * 13)))];
        int[][] expected = await Task.WhenAll(prompts.Select(p => FreshIds(fresh, p)));
        for (int round = 0; round < 3; round++)
        {
            await using Engine engine = await StartAsync(name);
            foreach (int i in Enumerable.Range(0, 12).Select(i => (i * 5) % 6))
            {
                RunResult result = await engine.RunAsync(Request(prompts[i], 4), CancellationToken.None);
                Assert.Equal(expected[i], result.Ids);
            }
        }
    }

    private static int Common(int[] a, int[] b) => a.Zip(b).TakeWhile(p => p.First == p.Second).Count();

    private static int[] Tokens(int seed, Engine engine, int count) => SweepModels.Tokens(new Random(seed), engine, count);

    private static async Task<int[]> FreshIds(Engine fresh, int[] prompt) =>
        (await fresh.RunAsync(Request(prompt, 4) with { ReuseScope = null }, CancellationToken.None)).Ids;

    private static RunRequest Request(int[] prompt, int tokens) => SweepModels.Request(prompt, tokens, "a");

    private Task<Engine> StartAsync(string name, Func<EngineOptions, EngineOptions>? change = null) => SweepModels.StartAsync(name, 1,
        batch: 24, change: o =>
        {
            o = o with { Context = 400, KeepsSnapshots = true, StateFolder = _folder };
            return change?.Invoke(o) ?? o;
        });

    private async Task<RunResult> RunOnceAsync(string name, RunRequest request, Func<EngineOptions, EngineOptions>? change = null)
    {
        await using Engine engine = await StartAsync(name, change);
        RunResult result = await engine.RunAsync(request, CancellationToken.None);
        await engine.DisposeAsync();
        Assert.Null(engine.StateFault);
        return result;
    }
}
