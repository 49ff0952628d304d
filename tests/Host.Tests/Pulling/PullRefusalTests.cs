using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using LayerStream.Host.Pulling;
using LayerStream.Session;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Tests.Pulling;

public sealed class PullRefusalTests : IAsyncLifetime
{
    private const int Length = 2 << 20;
    private const string File1 = "m-1B-Q4_K_M.gguf";
    private const string Token = "hf_secret";
    private readonly string _folder = Directory.CreateTempSubdirectory("pull-").FullName;
    private HubStandIn _hub = null!;

    private string Part => Path.Combine(_folder, "o", "r", File1 + ".part");

    public async ValueTask InitializeAsync()
    {
        _hub = await HubStandIn.StartAsync();
        _hub.Add(File1, Length);
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Task<IReadOnlyList<string>> PullAsync(string? token = null, string? folder = null, HttpMessageHandler? handler = null)
    {
        PullOptions options = new()
        {
            Folder = folder ?? _folder,
            Endpoint = handler is null ? _hub.Endpoint : new Uri("https://hub.invalid"),
            Token = token,
            RangeBytes = 1 << 18,
            BufferBytes = 1 << 16,
            FirstPause = TimeSpan.FromMilliseconds(1),
        };
        return new ModelPull(options, new ModelPullTests.Hearer(_ => { }), handler)
            .RunAsync(PullSource.Parse("o/r", options.Endpoint), CancellationToken.None);
    }

    private async Task<string> RefusedAsync(string? token = null, string? folder = null, HttpMessageHandler? handler = null)
    {
        string message = (await Assert.ThrowsAsync<PullException>(() => PullAsync(token, folder, handler))).Message;
        Assert.DoesNotContain(Token, message, StringComparison.Ordinal);
        return message;
    }

    [Fact]
    public async Task Pull_LengthOtherThanListed_IsRefused()
    {
        _hub.Listed = (_, bytes) => (bytes.Length + 1, new string('0', 64));
        Assert.Contains($"{Length + 1} are listed", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_OtherRangeThanAskedFor_IsRefused()
    {
        _hub.Instead = (n, http) =>
        {
            http.Response.OnStarting(() =>
            {
                if (n > 1)
                {
                    http.Response.Headers.ContentRange = $"bytes 5-{Length - 1}/{Length}";
                }

                return Task.CompletedTask;
            });
            return Task.FromResult(false);
        };
        Assert.Contains("bytes 5 to", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_DigestOtherThanListed_IsRefusedAndDeleted()
    {
        _hub.Listed = (_, bytes) => (bytes.Length, new string('0', 64));
        Assert.Contains("SHA-256", await RefusedAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Pull_ContentsChangedOnTheWay_IsRefused()
    {
        _hub.Instead = (n, _) =>
        {
            _hub.ETag = n > 3 ? "\"2\"" : "\"1\"";
            return Task.FromResult(false);
        };
        Assert.Contains("has changed", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_FileThatIsNoModel_IsRefusedAtItsFirstBytes()
    {
        _hub.Add(File1, Length)[0] = (byte)'<';
        Assert.Contains("no GGUF", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "HF_TOKEN")]
    [InlineData(403, "consent")]
    [InlineData(404, "HTTP 404")]
    [InlineData(418, "HTTP 418")]
    public async Task Pull_RefusedByTheServer_SaysTheWayOut(int status, string words)
    {
        _hub.Instead = (_, http) =>
        {
            http.Response.StatusCode = status;
            return Task.FromResult(true);
        };
        Assert.Contains(words, await RefusedAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Pull_ServerThatAsksToWait_IsAskedAgain(int status)
    {
        _hub.Instead = (n, http) =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.RetryAfter = "0";
            return Task.FromResult(n is 1 or 3 or 4);
        };
        await PullAsync();
        Assert.True(File.Exists(Path.Combine(_folder, "o", "r", File1)));
    }

    [Fact]
    public async Task Pull_ClosedRepository_OpensWithTheTokenOnly()
    {
        _hub.Key = Token;
        Assert.Contains("HF_TOKEN", await RefusedAsync(), StringComparison.Ordinal);
        Assert.Contains("does not take the token", await RefusedAsync("hf_other"), StringComparison.Ordinal);
        await PullAsync(Token);
        Assert.All(_hub.Requests, r => Assert.Equal($"Bearer {Token}", r.Key));
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories),
            f => File.ReadAllText(f).Contains(Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pull_RedirectToAnotherServerWithoutEncryption_IsNotFollowed()
    {
        await using HubStandIn other = await HubStandIn.StartAsync();
        _hub.Instead = (_, http) =>
        {
            http.Response.Redirect($"{other.Endpoint}o/r/resolve/main/{File1}");
            return Task.FromResult(true);
        };
        Assert.Contains("not followed", await RefusedAsync(), StringComparison.Ordinal);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Pull_RedirectOnTheSameServer_IsFollowed()
    {
        _hub.Instead = (n, http) =>
        {
            http.Response.Redirect($"/o/r/resolve/main/{File1}?again");
            return Task.FromResult(!http.Request.QueryString.HasValue);
        };
        await PullAsync();
        Assert.True(File.Exists(Path.Combine(_folder, "o", "r", File1)));
    }

    [Fact]
    public async Task Pull_RedirectBetweenEncryptedServers_LeavesTheTokenBehind()
    {
        byte[] bytes = [.. "GGUF"u8, .. new byte[96]];
        List<(string Host, string? Key)> asked = [];
        await PullAsync(Token, handler: new Scripted(request =>
        {
            asked.Add((request.RequestUri!.Host, request.Headers.Authorization?.Parameter));
            if (request.RequestUri.AbsolutePath.StartsWith("/api", StringComparison.Ordinal))
            {
                string list = $$"""[{"type":"file","path":"a-Q8_0.gguf","size":{{bytes.Length}}}]""";
                return new(HttpStatusCode.OK) { Content = new StringContent(list) };
            }

            if (request.RequestUri.Host == "hub.invalid")
            {
                return new(HttpStatusCode.Found) { Headers = { Location = new Uri("https://store.invalid/a?signature=1") } };
            }

            RangeItemHeaderValue range = request.Headers.Range!.Ranges.Single();
            ByteArrayContent content = new(bytes[(int)range.From!..((int)range.To! + 1)]);
            content.Headers.ContentRange = new ContentRangeHeaderValue(range.From.Value, range.To.Value, bytes.Length);
            return new(HttpStatusCode.PartialContent) { Content = content };
        }));
        Assert.Contains(("store.invalid", null), asked);
        Assert.All(asked, a => Assert.Equal(a.Host == "hub.invalid" ? Token : null, a.Key));
    }

    [Fact]
    public async Task Pull_QuantisationThatIsNotThere_ListsThoseThatAre()
    {
        _hub.Add("m-1B-Q8_0.gguf", 100);
        PullOptions options = new() { Folder = _folder, Endpoint = _hub.Endpoint };
        PullException error = await Assert.ThrowsAsync<PullException>(() => new ModelPull(options, new ModelPullTests.Hearer(_ => { }))
            .RunAsync(PullSource.Parse("o/r:Q6_K", options.Endpoint), CancellationToken.None));
        Assert.Contains("Q4_K_M (2.00 MiB), Q8_0 (100 B)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_DiskThatIsTooSmall_IsRefusedBeforeAnythingIsWritten() => await OnSmallDiskAsync(1, async disk =>
    {
        Assert.Contains("are free", await RefusedAsync(folder: disk), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(disk, "*", SearchOption.AllDirectories));
    });

    [Fact]
    public async Task Pull_DiskThatFillsUp_KeepsWhatCameAndGoesOn() => await OnSmallDiskAsync(4, async disk =>
    {
        string part = Path.Combine(disk, "o", "r", File1 + ".part"), filler = Path.Combine(disk, "filler");
        Directory.CreateDirectory(Path.GetDirectoryName(part)!);
        await using (FileStream sparse = File.Create(part)) // its room was not taken: not every file system can
        {
            sparse.SetLength(Length);
        }

        new DownloadJournal { Source = "", Url = "", TotalBytes = Length, Sha256 = _hub.Digest(File1) }.Write(part);
        Fill(filler, leave: 1 << 20);
        Assert.Contains("The disk is full", await RefusedAsync(folder: disk), StringComparison.Ordinal);
        Assert.True(File.Exists(part));
        File.Delete(filler);
        await PullAsync(folder: disk);
        Assert.Equal(Length, new FileInfo(part[..^5]).Length);
    });

    [Fact]
    public async Task Pull_SameFileTwiceAtATime_IsRefusedToTheSecond()
    {
        _hub.Between = () => Task.Delay(10);
        Task first = PullAsync();
        while (!File.Exists(Part))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.Contains("another pull", await RefusedAsync(), StringComparison.OrdinalIgnoreCase);
        await first;
    }

    [Theory]
    [InlineData("hf.co/o/r", "o/r", null)]
    [InlineData("o/r:q4_k_m", "o/r", "q4_k_m")]
    [InlineData("https://huggingface.co/o/r/tree/main", "o/r", null)]
    [InlineData("https://huggingface.co/o/r/blob/main/a/b-Q4_0.gguf", "o/r", "a/b-Q4_0.gguf")]
    [InlineData("hf.co/o/r:latest", "o/r", null)]
    public void Source_OfTheHub_NamesRepositoryAndQuantisation(string text, string repository, string? quant)
    {
        PullSource source = PullSource.Parse(text, new Uri("https://huggingface.co"));
        Assert.Equal((repository, quant), (source.Repository, source.Quant));
    }

    [Theory]
    [InlineData("r")]
    [InlineData("../r")]
    [InlineData("ftp://a/b.gguf")]
    [InlineData("https://a.invalid/page.html")]
    [InlineData("https://a.invalid/..%2fb.gguf%00")]
    public void Source_ThatNamesNothing_IsRefused(string text) =>
        Assert.Throws<UsageException>(() => PullSource.Parse(text, new Uri("https://huggingface.co")));

    [Theory]
    [InlineData("a/b.gguf", true)]
    [InlineData("../b.gguf", false)]
    [InlineData("/b.gguf", false)]
    [InlineData("a//b.gguf", false)]
    [InlineData("a\\..\\b.gguf", false)]
    public void Path_OfARepository_StaysBelowItsFolder(string path, bool isSafe) => Assert.Equal(isSafe, RepositoryFile.IsSafe(path));

    [Fact]
    public void Ranges_AddedInAnyOrder_LeaveWhatIsMissing()
    {
        RangeSet set = new();
        foreach ((long begin, long end) in ((long, long)[])[(40, 50), (0, 10), (10, 20), (45, 60), (90, 100)])
        {
            set.Add(begin, end);
        }

        Assert.Equal([0L, 20, 40, 60, 90, 100], set.Borders);
        Assert.Equal([(20L, 32L), (32, 40), (60, 64), (64, 90), (100, 128), (128, 130)], set.Missing(130, 32));
        Assert.Equal(50, set.Bytes);
    }

    private async Task OnSmallDiskAsync(int mebibytes, Func<string, Task> test)
    {
        string disk = Directory.CreateDirectory(Path.Combine(_folder, "disk")).FullName;
        Assert.SkipUnless(OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "none", disk),
            "no small disk: this needs the right to mount one");
        try
        {
            await test(disk);
        }
        finally
        {
            Run("umount", disk);
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static void Fill(string path, long leave)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1);
        for (long free = new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace; free > leave; free -= 4096)
        {
            file.Write(new byte[4096]);
        }
    }

    private sealed class Scripted(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }
}
