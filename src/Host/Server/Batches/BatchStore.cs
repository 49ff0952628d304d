using System.Threading.Channels;
using LayerStream.Host.Server.Files;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Batches;

/// <summary>Batches in a folder beside the files: of each what is known of it, and its results as far as they have come.</summary>
internal sealed class BatchStore
{
    /// <summary>Most batches; the oldest that has ended makes room for another.</summary>
    public const int MostBatches = 500;

    /// <summary>Most batches that have not ended.</summary>
    public const int MostOpen = 64;

    private const string FactsEnding = ".json";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Batch> _batches = [];
    private readonly Channel<Batch> _open = Channel.CreateUnbounded<Batch>();
    private readonly string _folder;

    private BatchStore(FileStore files, string folder) => (Files, _folder) = (files, folder);

    /// <summary>Requests and results.</summary>
    public FileStore Files { get; }

    /// <summary>Batches that are to be worked on: those that a process left, then new ones.</summary>
    public ChannelReader<Batch> Open => _open.Reader;

    /// <summary>Opens the folder.</summary>
    /// <exception cref="IOException">It cannot be made or read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static BatchStore OpenIn(FileStore files)
    {
        string folder = Path.Combine(files.Root, "batches");
        WholeFile.CreateFolder(folder);
        BatchStore store = new(files, folder);
        foreach (FileInfo facts in new DirectoryInfo(folder).EnumerateFiles("*" + FactsEnding))
        {
            if (WholeFile.Read(facts.FullName, BatchRecordJson.Default.BatchRecord) is { } record && facts.Name == record.Id + FactsEnding)
            {
                store._batches[record.Id] = store.Of(record);
            }
        }

        foreach (Batch batch in store._batches.Values.Where(b => !b.Record.HasEnded).OrderBy(b => b.Record.CreatedAt))
        {
            if (batch.Record.Ending is null) // else its results may be files by now, and the record has the counts
            {
                batch.Counts.Set(ResultScan.Count(store.AnswersOf(batch.Record.Id)), ResultScan.Count(store.ErrorsOf(batch.Record.Id)));
            }

            if (batch.Record.Status == BatchStatus.Cancelling)
            {
                batch.Cancel(files.Now);
            }

            store._open.Writer.TryWrite(batch);
        }

        files.IsRead = store.Reads;
        return store;
    }

    /// <summary>Where the answers of a batch lie until it has ended.</summary>
    public string AnswersOf(string id) => Path.Combine(_folder, id + ".answers");

    /// <summary>Where its errors lie until then.</summary>
    public string ErrorsOf(string id) => Path.Combine(_folder, id + ".errors");

    /// <summary>Batches of an owner, the newest first.</summary>
    public IReadOnlyList<Batch> List(string owner)
    {
        lock (_lock)
        {
            return [.. _batches.Values.Where(b => b.Record.Owner == owner).OrderByDescending(b => b.Record.CreatedAt)
                .ThenByDescending(b => b.Record.Id, StringComparer.Ordinal)];
        }
    }

    /// <summary>A batch of an owner; null = there is none.</summary>
    public Batch? Find(string owner, string id)
    {
        lock (_lock)
        {
            return _batches.GetValueOrDefault(id) is { } batch && batch.Record.Owner == owner ? batch : null;
        }
    }

    /// <summary>Whether a batch that has not ended has its requests from a file.</summary>
    public bool Reads(string fileId)
    {
        lock (_lock)
        {
            return _batches.Values.Any(b => b.Record.InputFileId == fileId && !b.Record.HasEnded);
        }
    }

    /// <summary>Begins a batch.</summary>
    /// <exception cref="ApiException">429: too many have not ended.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public Batch Add(BatchRecord record)
    {
        lock (_lock)
        {
            if (_batches.Values.Count(b => !b.Record.HasEnded) >= MostOpen)
            {
                throw new ApiException(429, "rate_limit_error", $"{MostOpen} batches have not ended yet; try again later",
                    "too_many_batches")
                { RetryAfterSeconds = 60 };
            }

            if (_batches.Count >= MostBatches)
            {
                Batch oldest = _batches.Values.Where(b => b.Record.HasEnded).MinBy(b => b.Record.CreatedAt)!;
                File.Delete(FactsOf(oldest.Record.Id));
                _batches.Remove(oldest.Record.Id);
            }

            Save(record);
            Batch batch = _batches[record.Id] = Of(record);
            _open.Writer.TryWrite(batch);
            return batch;
        }
    }

    private Batch Of(BatchRecord record) => new(record, Save);

    private void Save(BatchRecord record) => WholeFile.Write(FactsOf(record.Id), record, BatchRecordJson.Default.BatchRecord);

    private string FactsOf(string id) => Path.Combine(_folder, id + FactsEnding);
}
