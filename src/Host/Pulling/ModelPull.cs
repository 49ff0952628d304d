using LayerStream.Memory;
using LayerStream.Session.Catalogue;

namespace LayerStream.Host.Pulling;

/// <summary>Downloads a model: finds its files, brings those that are missing, compares their digests, gives them their names.</summary>
/// <param name="options">How.</param>
/// <param name="progress">Hears how far it is, four times a second.</param>
/// <param name="handler">In place of the network.</param>
public sealed class ModelPull(PullOptions options, IProgress<PullProgress> progress, HttpMessageHandler? handler = null)
{
    private static readonly TimeSpan s_progressPause = TimeSpan.FromSeconds(0.25);

    /// <summary>Brings a model.</summary>
    /// <returns>Full paths of its files, the first shard first.</returns>
    /// <exception cref="PullException">It was refused or failed; what can be gone on with is kept.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what came is kept.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(PullSource source, CancellationToken ct)
    {
        using HubHttp http = new(options, handler);
        List<(string Path, Uri Url, RepositoryFile? Listed)> files = await FindAsync(http, source, ct);
        long needed = files.Where(f => f.Listed is not null && !IsThere(f.Path, f.Listed.Bytes)
            && !File.Exists(f.Path + DownloadJournal.PartEnding)).Sum(f => f.Listed!.Bytes);
        CheckRoom(files[0].Path, needed);
        foreach ((string path, Uri url, RepositoryFile? listed) in files)
        {
            await BringAsync(http, source, path, url, listed, ct);
        }

        return [.. files.Select(f => f.Path)];
    }

    private async Task<List<(string Path, Uri Url, RepositoryFile? Listed)>> FindAsync(HubHttp http, PullSource source,
        CancellationToken ct)
    {
        if (source.Url is { } url)
        {
            return [(Path.Combine(options.Folder, Path.GetFileName(Uri.UnescapeDataString(url.AbsolutePath))), url, null)];
        }

        string repository = source.Repository!;
        IReadOnlyList<RepositoryFile> files = await HubListing.FilesAsync(http, options, repository, ct);
        RepositoryModel model = QuantChoice.Pick(RepositoryModel.Of(files), source.Quant, repository);
        return [.. model.Files.Select(f => (Path.Combine([options.Folder, .. repository.Split('/'), .. f.Path.Split('/')]),
            HubListing.UrlOf(options, repository, f), (RepositoryFile?)f))];
    }

    private async Task BringAsync(HubHttp http, PullSource source, string path, Uri url, RepositoryFile? listed, CancellationToken ct)
    {
        string name = Path.GetFileName(path);
        if (listed is not null && IsThere(path, listed.Bytes))
        {
            progress.Report(new PullProgress(PullStage.Present, name, listed.Bytes, listed.Bytes, 0));
            return;
        }

        RemoteFile remote = await new Retries(options).RunAsync(() => RemoteFile.AskAsync(http, url, listed?.Bytes, ct), ct);
        if (listed is null && IsThere(path, remote.Bytes))
        {
            progress.Report(new PullProgress(PullStage.Present, name, remote.Bytes, remote.Bytes, 0));
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using PartFile part = PartFile.Open(path + DownloadJournal.PartEnding, new DownloadJournal
        {
            Source = source.Text,
            Url = HubHttp.Shown(url), // what is behind the question mark may be a key
            TotalBytes = remote.Bytes,
            Sha256 = listed?.Sha256,
            ETag = remote.ETag,
        });
        BudgetAccount memory = new("buffers of a download", (long)options.Connections * options.BufferBytes);
        FileTransfer transfer = new(http, remote, part, options, memory);
        await FollowAsync(PullStage.Downloading, name, remote.Bytes, () => transfer.ReceivedBytes, transfer.RunAsync, ct);
        await CheckAsync(part, name, remote.Bytes, listed?.Sha256, ct);
        part.Finish(path);
        progress.Report(new PullProgress(PullStage.Done, name, remote.Bytes, remote.Bytes, 0));
    }

    private async Task CheckAsync(PartFile part, string name, long bytes, string? wanted, CancellationToken ct)
    {
        if (wanted is null)
        {
            part.Close();
            return;
        }

        long checkedBytes = 0;
        string found = "";
        await FollowAsync(PullStage.Checking, name, bytes, () => Interlocked.Read(ref checkedBytes),
            token => Task.Run(() => found = part.Digest(done => Interlocked.Exchange(ref checkedBytes, done), token), token), ct);
        if (found != wanted)
        {
            part.Discard();
            throw new PullException($"{name} has the SHA-256 {found}, but {wanted} is listed: it was changed or damaged on the way. What "
                + "came is deleted; pull it again.");
        }
    }

    private async Task FollowAsync(PullStage stage, string name, long totalBytes, Func<long> doneBytes, Func<CancellationToken, Task> work,
        CancellationToken ct)
    {
        using PeriodicTimer timer = new(s_progressPause);
        RateMeter rate = new();
        rate.Add(doneBytes());
        Task running = work(ct);
        Task<bool> tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
        while (await Task.WhenAny(running, tick) != running)
        {
            long done = doneBytes();
            progress.Report(new PullProgress(stage, name, done, totalBytes, rate.Add(done)));
            tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
        }

        await running;
    }

    private void CheckRoom(string path, long needed)
    {
        Directory.CreateDirectory(options.Folder);
        long free = new DriveInfo(options.Folder).AvailableFreeSpace;
        if (needed > free)
        {
            throw new PullException($"The model takes {ByteSize.Format(needed)}, and {ByteSize.Format(free)} are free where {path} would "
                + "lie. Make room, take a smaller quantisation, or name another folder with --models.");
        }
    }

    private static bool IsThere(string path, long bytes) => File.Exists(path) && new FileInfo(path).Length == bytes;
}
