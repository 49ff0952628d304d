using System.ComponentModel;
using System.Diagnostics;
using LayerStream.Host.Pulling;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Tests.Pulling;

public sealed class ModelPullTests : IAsyncLifetime
{
    private const int Length = (3 << 20) + 123;
    private const string File1 = "m-1B-Q4_K_M.gguf";
    private readonly string _folder = Directory.CreateTempSubdirectory("pull-").FullName;
    private HubStandIn _hub = null!;

    private string Target => Path.Combine(_folder, "o", "r", File1);

    public async ValueTask InitializeAsync() => _hub = await HubStandIn.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private PullOptions Options(int connections = 4) => new()
    {
        Folder = _folder,
        Endpoint = _hub.Endpoint,
        Connections = connections,
        RangeBytes = 1 << 18,
        BufferBytes = 1 << 16,
        FirstPause = TimeSpan.FromMilliseconds(1),
        StallLimit = TimeSpan.FromSeconds(10),
    };

    private Task<IReadOnlyList<string>> PullAsync(PullOptions? options = null, string source = "hf.co/o/r",
        Action<PullProgress>? hear = null, CancellationTokenSource? cancel = null)
    {
        PullOptions how = options ?? Options();
        return new ModelPull(how, new Hearer(hear ?? (_ => { }))).RunAsync(
            PullSource.Parse(source, how.Endpoint), cancel?.Token ?? TestContext.Current.CancellationToken);
    }

    private void AssertHere(byte[] bytes)
    {
        Assert.True(bytes.AsSpan().SequenceEqual(File.ReadAllBytes(Target)));
        Assert.Equal([Target], Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(1, Length)]
    [InlineData(4, Length)]
    [InlineData(4, 100)]
    [InlineData(4, 4096)]
    [InlineData(4, 1 << 18)]
    public async Task Pull_OfOneFile_AsksForEveryByteOnce(int connections, int length)
    {
        byte[] bytes = _hub.Add(File1, length);
        List<PullStage> stages = [];
        IReadOnlyList<string> files = await PullAsync(Options(connections), hear: p => stages.Add(p.Stage));
        Assert.Equal([Target], files);
        AssertHere(bytes);
        Assert.Equal(PullStage.Done, stages[^1]);
        Assert.Equal(length, AskedBytes() - 1); // the first question is for one byte
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Pull_ConnectionsCutAtRandomPoints_GoesOn(int seed)
    {
        byte[] bytes = _hub.Add(File1, Length, seed);
        Random random = new(seed);
        Lock turn = new();
        _hub.CutAfter = _ =>
        {
            lock (turn)
            {
                return random.Next(3) < 2 ? random.Next(1, 1 << 18) : null;
            }
        };
        await PullAsync(Options() with { MostRetries = 1000 });
        AssertHere(bytes);
    }

    [Fact]
    public async Task Pull_EveryConnectionCutAtOnce_GivesUpAndKeepsWhatCame()
    {
        _hub.Add(File1, Length);
        _hub.CutAfter = n => n < 5 ? null : 0;
        PullException error = await Assert.ThrowsAsync<PullException>(() => PullAsync());
        Assert.Contains("goes on from there", error.Message, StringComparison.Ordinal);
        DownloadJournal journal = DownloadJournal.Read(Target + ".part")!;
        Assert.InRange(journal.DoneBytes, 1, Length - 1);
    }

    [Fact]
    public async Task Pull_CancelledThenRepeated_AsksOnlyForTheRest()
    {
        byte[] bytes = _hub.Add(File1, Length);
        using CancellationTokenSource cancel = new();
        int writes = 0;
        _hub.Between = () => Interlocked.Increment(ref writes) == 80 ? cancel.CancelAsync() : Task.Delay(1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PullAsync(cancel: cancel));
        long kept = DownloadJournal.Read(Target + ".part")!.DoneBytes;
        Assert.InRange(kept, 1, Length - 1);
        CatalogueEntry unfinished = Assert.Single(ModelCatalogue.Of([_folder]).Entries);
        Assert.Contains("layerstream pull hf.co/o/r", unfinished.Problem, StringComparison.Ordinal);
        long before = AskedBytes();
        _hub.Between = () => Task.CompletedTask;
        await PullAsync();
        AssertHere(bytes);
        Assert.Equal(Length - kept, AskedBytes() - before - 1);
    }

    [Fact]
    public async Task Pull_ProcessThatEndedAtAnyMoment_GoesOnFromItsJournal()
    {
        byte[] bytes = _hub.Add(File1, Length);
        string copy = Directory.CreateTempSubdirectory("pull-").FullName;
        Directory.CreateDirectory(Path.Combine(copy, "o", "r"));
        string part = Path.Combine(copy, "o", "r", File1 + ".part");
        int seen = 0;
        _hub.Between = () => Task.Delay(50);
        await PullAsync(hear: _ =>
        {
            if (DownloadJournal.Read(Target + ".part") is { Done.Count: > 0 } && Interlocked.Exchange(ref seen, 1) == 0)
            {
                File.Copy(Target + ".part.json", part + ".json"); // what the other process left: an older journal, a newer part
                File.WriteAllBytes(part, ReadShared(Target + ".part"));
            }
        });
        Assert.Equal(1, seen);
        long kept = DownloadJournal.Read(part)!.DoneBytes, before = AskedBytes();
        _hub.Between = () => Task.CompletedTask;
        await PullAsync(Options() with { Folder = copy });
        Assert.Equal(bytes, File.ReadAllBytes(part[..^5]));
        Assert.Equal(Length - kept, AskedBytes() - before - 1);
        Directory.Delete(copy, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pull_ServerThatIgnoresRanges_TakesTheWholeInOneGo(bool isCut)
    {
        byte[] bytes = _hub.Add(File1, Length);
        _hub.IgnoresRange = true;
        _hub.CutAfter = n => isCut && n is 2 or 3 ? 1 << 20 : null;
        await PullAsync();
        AssertHere(bytes);
    }

    [Fact]
    public async Task Pull_TwoShards_BringsBothInOrder()
    {
        byte[] one = _hub.Add("Q4_K_M/m-70B-Q4_K_M-00001-of-00002.gguf", 1 << 19, 1),
            two = _hub.Add("Q4_K_M/m-70B-Q4_K_M-00002-of-00002.gguf", (1 << 19) + 7, 2);
        _hub.Add("m-70B-Q8_0.gguf", 100);
        _hub.Add("mmproj-m-F16.gguf", 100);
        _hub.Add("README.md", 100);
        IReadOnlyList<string> files = await PullAsync();
        Assert.Equal(["m-70B-Q4_K_M-00001-of-00002.gguf", "m-70B-Q4_K_M-00002-of-00002.gguf"], files.Select(Path.GetFileName));
        Assert.Equal(one, File.ReadAllBytes(files[0]));
        Assert.Equal(two, File.ReadAllBytes(files[1]));
        CatalogueEntry entry = Assert.Single(ModelCatalogue.Of([_folder]).Entries);
        Assert.Equal(("m:70b-q4_k_m", "o/r"), (entry.Name, entry.Repository));
        int asked = _hub.Requests.Count;
        Assert.Equal(files, await PullAsync());
        Assert.Equal(asked, _hub.Requests.Count); // it is there already
    }

    [Fact]
    public async Task Pull_FileByAddress_HasItsNameAndGoesOn()
    {
        byte[] bytes = _hub.Add("x-1B-Q8_0.gguf", Length);
        PullOptions options = Options() with { Endpoint = new Uri("https://hub.invalid") };
        string source = $"{_hub.Endpoint}o/r/resolve/main/x-1B-Q8_0.gguf?key=secret";
        using CancellationTokenSource cancel = new();
        int writes = 0;
        _hub.Between = () => Interlocked.Increment(ref writes) == 80 ? cancel.CancelAsync() : Task.Delay(1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PullAsync(options, source, cancel: cancel));
        string target = Path.Combine(_folder, "x-1B-Q8_0.gguf");
        Assert.DoesNotContain("secret", DownloadJournal.Read(target + ".part")!.Url, StringComparison.Ordinal);
        long kept = DownloadJournal.Read(target + ".part")!.DoneBytes, before = AskedBytes();
        _hub.Between = () => Task.CompletedTask;
        Assert.Equal([target], await PullAsync(options, source));
        Assert.Equal(bytes, File.ReadAllBytes(target));
        Assert.Equal(Length - kept, AskedBytes() - before - 1);
    }

    [Fact]
    public async Task Pull_MarkChangedSinceTheInterruption_BeginsAnew()
    {
        _hub.Add("x-1B-Q8_0.gguf", Length, 1);
        PullOptions options = Options() with { Endpoint = new Uri("https://hub.invalid") };
        string source = $"{_hub.Endpoint}o/r/resolve/main/x-1B-Q8_0.gguf";
        _hub.CutAfter = n => n < 5 ? null : 0;
        await Assert.ThrowsAsync<PullException>(() => PullAsync(options, source));
        _hub.CutAfter = _ => null;
        byte[] bytes = _hub.Add("x-1B-Q8_0.gguf", Length, 2);
        _hub.ETag = "\"2\"";
        await PullAsync(options, source);
        Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(_folder, "x-1B-Q8_0.gguf")));
    }

    [Fact]
    public async Task Pull_FileLargerThanItsShareOfThePageCache_LeavesTheCacheFree()
    {
        const int large = 80 << 20;
        bool isDisk = OperatingSystem.IsLinux() && new DriveInfo(_folder).DriveFormat is not "tmpfs";
        Assert.SkipUnless(isDisk && CachedBytes(_folder) is not null, "this needs a disk, and fincore to look at the page cache");
        byte[] bytes = _hub.Add(File1, large);
        long most = 0;
        int writes = 0;
        _hub.Between = () =>
        {
            if (Interlocked.Increment(ref writes) % 400 == 0 && CachedBytes(Target + ".part") is { } cached)
            {
                InterlockedMax(ref most, cached);
            }

            return Task.CompletedTask;
        };
        await PullAsync(Options() with { RangeBytes = 8 << 20, BufferBytes = 1 << 20 });
        Assert.InRange(Math.Max(most, CachedBytes(Target)!.Value), 0, 64 << 20);
        AssertHere(bytes);
    }

    private static void InterlockedMax(ref long most, long value)
    {
        for (long seen = Volatile.Read(ref most); value > seen;)
        {
            long before = Interlocked.CompareExchange(ref most, value, seen);
            seen = before == seen ? value : before;
        }
    }

    private static long? CachedBytes(string path)
    {
        try
        {
            using Process look = Process.Start(
                new ProcessStartInfo("fincore", ["-b", "-n", "-o", "RES", path])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true
                })!;
            string text = look.StandardOutput.ReadToEnd();
            look.WaitForExit();
            return long.TryParse(text.Trim(), out long bytes) ? bytes : Directory.Exists(path) ? 0 : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private long AskedBytes() => _hub.Requests.Sum(r =>
        r.Range.Replace("bytes=", "", StringComparison.Ordinal).Split('-') is [var from, var to]
            ? long.Parse(to) - long.Parse(from) + 1 : 0);

    private static byte[] ReadShared(string path)
    {
        using Process copy = Process.Start("cp", [path, path + ".copy"]); // the lock is advice to us
        copy.WaitForExit();
        byte[] bytes = File.ReadAllBytes(path + ".copy");
        File.Delete(path + ".copy");
        return bytes;
    }

    internal sealed class Hearer(Action<PullProgress> hear) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => hear(value);
    }
}
