using LayerStream.Host.Server.Batches;
using LayerStream.Host.Server.Files;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Tests.Server;

/// <summary>The folder of files: what is whole stays, whatever ended the process.</summary>
public sealed class FileStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("files-").FullName;
    private readonly HandClock _clock = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Files_AfterAKill_AreThoseThatWereWhole()
    {
        StoredFile kept;
        using (FileStore store = Open())
        {
            kept = Keep(store, "some text", null);
            File.WriteAllText(store.UnfinishedPathOf(StoredFile.NewId()), "half");
            File.WriteAllText(Path.Combine(_folder, "files", "file-0.json"), "{}");
            File.WriteAllText(Path.Combine(_folder, "files", "file-1"), "bytes without facts");
        }

        using FileStore again = Open();
        Assert.Equal([kept], again.List("me"));
        Assert.Equal("some text", File.ReadAllText(again.PathOf(kept)));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder, "files")).Length);
        Assert.Equal(9, again.Bytes);
        Assert.Null(again.Find("you", kept.Id));
    }

    [Fact]
    public void File_WhoseTimeIsOver_IsGone()
    {
        using FileStore store = Open();
        StoredFile file = Keep(store, "a", store.Now + 10);
        Assert.NotNull(store.Find("me", file.Id));
        _clock.Now += TimeSpan.FromSeconds(11);
        Assert.Null(store.Find("me", file.Id));
        Assert.False(File.Exists(store.PathOf(file)));
        Assert.Equal(0, store.Bytes);
    }

    [Fact]
    public void File_ThatABatchReads_OutlivesItsTimeAndARestart()
    {
        StoredFile file;
        using (FileStore store = Open())
        {
            BatchStore batches = BatchStore.OpenIn(store);
            file = Keep(store, "a", store.Now + 10);
            batches.Add(Record(file, store.Now));
            _clock.Now += TimeSpan.FromSeconds(11);
            Assert.Equal(file, store.Find("me", file.Id));
        }

        using FileStore again = Open();
        Batch open = Assert.Single(BatchStore.OpenIn(again).List("me"));
        Assert.Equal("a", File.ReadAllText(again.PathOf(again.Find("me", file.Id)!)));
        open.Update(r => r.In(BatchStatus.Completed, again.Now));
        Assert.Null(again.Find("me", file.Id));
        Assert.False(File.Exists(again.PathOf(file)));
    }

    private static BatchRecord Record(StoredFile input, long now) => new()
    {
        Id = "batch_1",
        Owner = "me",
        Scope = "",
        Endpoint = "/v1/completions",
        InputFileId = input.Id,
        CompletionWindow = "24h",
        CreatedAt = now,
        ExpiresAt = now + 86_400,
        OutputFileId = StoredFile.NewId(),
        ErrorFileId = StoredFile.NewId(),
    };

    [Fact]
    public void Room_ThatIsTaken_IsRefusedToOthersAndComesBack()
    {
        using FileStore store = Open();
        store.Take(900);
        Assert.Equal("files_full", Assert.Throws<ApiException>(() => store.Take(101)).Code);
        store.Take(-900);
        store.Take(1000);
    }

    [Fact]
    public void Folder_OfAnotherProcess_IsRefused()
    {
        using FileStore store = Open();
        Assert.Contains("--files-dir", Assert.Throws<IOException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_AndFolders_AreTheOwnersAlone()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using FileStore store = Open();
        StoredFile file = Keep(store, "a", null);
        const UnixFileMode others = ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string path in (string[])[Path.Combine(_folder, "files"), store.PathOf(file), store.PathOf(file) + ".json"])
        {
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & others);
        }
    }

    private static StoredFile Keep(FileStore store, string text, long? end)
    {
        string id = StoredFile.NewId(), path = store.UnfinishedPathOf(id);
        using (Memory.TransientFile bytes = Memory.TransientFile.Append(path))
        {
            bytes.Write(System.Text.Encoding.UTF8.GetBytes(text));
        }

        StoredFile file = new(id, "me", StoredFile.BatchPurpose, "a.jsonl", text.Length, store.Now, end);
        store.Keep(file, path);
        return file;
    }

    private FileStore Open() => FileStore.Open(_folder, 1000, _clock);
}
