using System.Diagnostics;
using LayerStream.Actors;
using LayerStream.Formats;
using LayerStream.Fuzz;
using LayerStream.Storage;
using Xunit;

namespace LayerStream.Pipeline.Tests;

/// <summary>Model files that change, split or lie on other file systems while an engine streams from them.</summary>
public sealed class FileChangeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("layerstream-files-").FullName;
    private readonly string _path;

    public FileChangeTests()
    {
        _path = Path.Combine(_folder, "model.gguf");
        File.Copy(TinyModel.Path, _path);
        File.SetLastWriteTimeUtc(_path, DateTime.UtcNow.AddHours(-1)); // coarse clocks must not hide a change
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<int[]> RunAsync(Engine engine, Func<int, bool>? onToken = null) =>
        (await engine.RunAsync(TinyModel.Request(8, onToken), CancellationToken.None)).Ids;

    private static async Task<int[]> ExpectedAsync()
    {
        await using Engine engine = await TinyModel.StartAsync();
        return await RunAsync(engine);
    }

    [Fact]
    public async Task File_ReplacedByRename_KeepsServingTheOldBytes()
    {
        await using Engine engine = await TinyModel.StartAsync(_path);
        int[] expected = await RunAsync(engine);
        string other = Path.Combine(_folder, "other");
        File.WriteAllBytes(other, new byte[100_000]);
        File.Move(other, _path, overwrite: true);
        Assert.Equal(expected, await RunAsync(engine));
        File.Delete(_path);
        Assert.Equal(expected, await RunAsync(engine));
        Assert.Null(engine.FindChange());
    }

    [Fact]
    public async Task File_WrittenInPlace_FailsTheNextRunNamingFileAndChange()
    {
        await using Engine engine = await TinyModel.StartAsync(_path);
        await RunAsync(engine);
        Overwrite(0);
        ModelChangedException error = await Assert.ThrowsAsync<ModelChangedException>(() => RunAsync(engine));
        Assert.Equal(_path, error.File);
        Assert.Contains("modified", error.Message, StringComparison.Ordinal);
        Assert.NotNull(engine.FindChange());
    }

    [Fact]
    public async Task File_WrittenInPlaceDuringARun_FailsThatRun()
    {
        await using Engine engine = await TinyModel.StartAsync(_path);
        int tokens = 0;
        await Assert.ThrowsAsync<ModelChangedException>(() => RunAsync(engine, _ =>
        {
            if (++tokens == 3)
            {
                Overwrite(200_000);
            }

            return false;
        }));
        Assert.Equal(3, tokens); // nothing computed after the change leaves
        Assert.Equal(engine.Status().TotalSlots, engine.Status().FreeSlots);
    }

    [Theory]
    [InlineData(300_000)]
    [InlineData(4096)]
    [InlineData(0)]
    public async Task File_TruncatedDuringARun_FailsAtTheReadAndNeverComputesOnIt(long length)
    {
        await using Engine engine = await TinyModel.StartAsync(_path);
        int[] expected = await RunAsync(engine);
        List<int> seen = [];
        ModelChangedException error = await Assert.ThrowsAsync<ModelChangedException>(() => RunAsync(engine, id =>
        {
            seen.Add(id);
            if (seen.Count == 2)
            {
                using FileStream stream = new(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                stream.SetLength(length);
            }

            return false;
        }));
        Assert.Contains($"now has {length}", error.Message, StringComparison.Ordinal);
        Assert.IsType<FlashReadException>(error.InnerException);
        Assert.Equal(expected[..seen.Count], seen);
        Assert.InRange(seen.Count, 2, 5); // prefetch may have been that far ahead
        Assert.Equal(0, engine.Status().InFlightReads);
    }

    [Fact]
    public async Task Device_Buffered_GivesTheIdsOfDirectReads()
    {
        await using Engine engine = await TinyModel.StartAsync(_path, buffered: true);
        Assert.False(engine.IsDirect);
        Assert.NotNull(engine.DirectFallback);
        Assert.Equal(await ExpectedAsync(), await RunAsync(engine));
    }

    [Fact]
    public async Task FileSystem_WithoutDirectReads_FallsBackSaysSoAndGivesTheSameIds()
    {
        string mount = Path.Combine(_folder, "ramfs");
        Directory.CreateDirectory(mount);
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Call("mount", "-t", "ramfs", "ramfs", mount),
            "mounting ramfs, which refuses O_DIRECT, needs root");
        try
        {
            string path = Path.Combine(mount, "model.gguf");
            File.Copy(TinyModel.Path, path);
            await using Engine engine = await TinyModel.StartAsync(path);
            Assert.False(engine.IsDirect);
            Assert.Contains("direct reads are not supported", engine.DirectFallback, StringComparison.Ordinal);
            Assert.Equal(await ExpectedAsync(), await RunAsync(engine));
        }
        finally
        {
            Call("umount", mount);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Model_Split_GivesTheIdsOfTheSingleFile(int count)
    {
        GgufImage whole = GgufImage.Read(_path);
        for (int i = 0; i < count; i++)
        {
            GgufImage shard = new();
            shard.Keys.AddRange(i == 0 ? whole.Keys : []);
            shard.Keys.AddRange([GgufImage.Pair.Of("split.no", (ushort)i), GgufImage.Pair.Of("split.count", (ushort)count),
                GgufImage.Pair.Of("split.tensors.count", whole.Tensors.Count)]);
            List<byte> data = [];
            foreach (GgufImage.Row row in whole.Tensors.Where((_, t) => t % count == i))
            {
                TensorTypeInfo type = TensorTypes.Get((TensorType)row.Type);
                int bytes = (int)(row.Shape.Aggregate(1L, (a, b) => a * b) / type.BlockSize * type.BlockBytes);
                shard.Tensors.Add(row with { Offset = data.Count });
                data.AddRange(whole.Data.AsSpan((int)row.Offset, bytes));
                data.AddRange(new byte[(32 - (bytes % 32)) % 32]);
            }

            shard.Data = [.. data];
            File.WriteAllBytes(Path.Combine(_folder, $"s-{i + 1:D5}-of-{count:D5}.gguf"), shard.Write());
        }

        await using Engine engine = await TinyModel.StartAsync(Path.Combine(_folder, $"s-00001-of-{count:D5}.gguf"));
        Assert.Equal(await ExpectedAsync(), await RunAsync(engine));
    }

    private void Overwrite(long offset)
    {
        using FileStream stream = new(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Position = offset;
        int value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)value);
    }

    private static bool Call(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
