using System.Text;
using System.Text.Json;
using LayerStream.Host.Server.Batches;
using LayerStream.Host.Server.Files;

namespace LayerStream.Host.Tests.Server;

/// <summary>Results on disk, cut off anywhere; lines of any length; batches as a later process finds them.</summary>
public sealed class ResultFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("results-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Results_CutOffAnywhere_GoOnWithWholeLines()
    {
        string path = Path.Combine(_folder, "whole"), cut = Path.Combine(_folder, "cut");
        using (ResultFile file = ResultFile.Open(path, _ => { }, (_, _) => Assert.Fail("nothing is there")))
        {
            file.Write("a", 200, "{\"x\":\"1\"}"u8);
            file.Write("\"é\u0001", 400, "{}"u8);
            file.Write("c", "batch_expired", "over");
        }

        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(cut, whole[..length]);
            int ended = whole[..length].Count(b => b == '\n'), seen = 0;
            List<bool> answers = [];
            using (ResultFile file = ResultFile.Open(cut, _ => { }, (_, isAnswer) => answers.Add(isAnswer)))
            {
                file.Write("z", 200, "{}"u8);
            }

            Assert.Equal(new[] { true, false, false }.Take(ended), answers);
            ResultScan.Read(cut, (_, _) => seen++);
            Assert.Equal(ended + 1, seen);
            Assert.All(File.ReadAllLines(cut), line => JsonDocument.Parse(line).Dispose());
        }
    }

    [Fact]
    public void Lines_OfAnyLength_AreFoundWithTheirPlaces()
    {
        Random random = new(3);
        for (int trial = 0; trial < 50; trial++)
        {
            string[] lines = [.. Enumerable.Range(0, random.Next(1, 20))
                .Select(_ => new string('x', random.Next(4) * random.Next(50_000)))];
            bool isEnded = random.Next(2) == 0;
            string text = string.Join('\n', lines) + (isEnded ? "\n" : "");
            LineWindow window = new(new MemoryStream(Encoding.UTF8.GetBytes(text)), new byte[70_000]);
            string[] expected = isEnded || lines[^1].Length > 0 ? lines : lines[..^1];
            foreach (string line in expected)
            {
                Assert.True(window.Read());
                Assert.Equal((line.Length, Math.Min(line.Length, 70_000)), (window.Length, window.Text.Length));
            }

            Assert.False(window.Read());
            Assert.Equal(text.Length, window.Next);
        }
    }

    [Fact]
    public void Batches_OfAnEarlierProcess_AreThereWithTrueCountsAndGoOn()
    {
        BatchRecord record = Record();
        using (FileStore files = FileStore.Open(_folder, 1 << 20))
        {
            BatchStore store = BatchStore.OpenIn(files);
            store.Add(record).Update(r => r.In(BatchStatus.InProgress, 5) with { Total = 7, Errors = [new BatchFault("a", "b", 3, "c")] });
            store.Add(record with { Id = "batch_2" })
                .Update(r => r.In(BatchStatus.Completed, 6) with { Total = 4, Completed = 3, Failed = 1 });
            using ResultFile results = ResultFile.Open(store.AnswersOf("batch_1"), _ => { }, (_, _) => { });
            results.Write("a", 200, "{}"u8);
        }

        using FileStore again = FileStore.Open(_folder, 1 << 20);
        BatchStore found = BatchStore.OpenIn(again);
        Batch open = found.Find("me", "batch_1")!, ended = found.Find("me", "batch_2")!;
        Assert.Equal((7, 1, 0), (open.Counts.Total, open.Counts.Completed, open.Counts.Failed));
        Assert.Equal((4, 3, 1), (ended.Counts.Total, ended.Counts.Completed, ended.Counts.Failed));
        Assert.Equal(5, open.Record.Since["in_progress_at"]);
        Assert.Equal(new BatchFault("a", "b", 3, "c"), Assert.Single(open.Record.Errors));
        Assert.True(found.Open.TryRead(out Batch? first) && ReferenceEquals(first, open) && !found.Open.TryRead(out _));
        Assert.True(found.Reads("file-1"));
        Assert.Null(found.Find("you", "batch_1"));
    }

    [Fact]
    public void Batch_KilledWhileItsResultsBecameFiles_KeepsItsCounts()
    {
        using (FileStore files = FileStore.Open(_folder, 1 << 20))
        {
            BatchStore.OpenIn(files).Add(Record())
                .Update(r => r.In(BatchStatus.Finalizing, 5) with { Ending = BatchStatus.Completed, Total = 4, Completed = 3, Failed = 1 });
        }

        using FileStore again = FileStore.Open(_folder, 1 << 20);
        BatchStore found = BatchStore.OpenIn(again);
        Assert.True(found.Open.TryRead(out Batch? open));
        Assert.Equal((4, 3, 1), (open.Counts.Total, open.Counts.Completed, open.Counts.Failed));
    }

    private static BatchRecord Record() => new()
    {
        Id = "batch_1",
        Owner = "me",
        Scope = "",
        Endpoint = "/v1/completions",
        InputFileId = "file-1",
        CompletionWindow = "24h",
        CreatedAt = 1,
        ExpiresAt = 2,
        Metadata = JsonSerializer.SerializeToElement("x"),
        OutputFileId = "file-2",
        ErrorFileId = "file-3",
        Status = BatchStatus.Validating,
    };
}
