using LayerStream.Formats;
using LayerStream.Formats.Tests;
using LayerStream.Memory;
using Xunit;

namespace LayerStream.Storage.Tests;

/// <summary>Metadata and weights come from the same files, whatever happens to their paths in between.</summary>
public sealed class ModelFilesTests
{
    [Fact]
    public void Open_AnotherModelRenamedOverAfterTheDescriptionWasRead_ReadsTheOneThatWasDescribed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets nobody rename over an open file");
        using TestFiles folder = new();
        string path = folder.Write("m.gguf", Model(1)), other = folder.Write("other.gguf", Model(2));
        using ModelFiles files = new();
        Extent tensor = GgufModel.Open(path, files).Find("a")!.Extent;
        File.Move(other, path, overwrite: true);
        using FlashDevice device = FlashDevice.Open(files);
        Assert.Equal(1, FirstByte(device, tensor));
        Assert.Null(device.DescribeChange(0));
        Assert.Equal([path], device.Files);
    }

    [Fact]
    public void Open_FileWrittenAfterItsDescriptionWasRead_IsAChangeThatNamesIt()
    {
        using TestFiles folder = new();
        string path = folder.Write("m.gguf", Model(1));
        using ModelFiles files = new();
        GgufModel.Open(path, files);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Seek(-1, SeekOrigin.End);
            stream.WriteByte(9);
        }

        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddSeconds(2));
        ModelChangedException error = Assert.Throws<ModelChangedException>(() => FlashDevice.Open(files));
        Assert.Equal(path, error.File);
    }

    [Fact]
    public void Open_SplitModelByItsLastFile_KeepsAllFilesInTheirOrder()
    {
        using TestFiles folder = new();
        for (ushort i = 0; i < 3; i++)
        {
            GgufBuilder builder = new GgufBuilder().Key("split.no", i).Key("split.count", (ushort)3).Key("split.tensors.count", 3)
                .Tensor("abc"[i].ToString(), [4]);
            folder.Write($"m-0000{i + 1}-of-00003.gguf", i == 0 ? builder.Key("general.architecture", "llama").Build() : builder.Build());
        }

        using ModelFiles files = new();
        GgufModel model = GgufModel.Open(Path.Combine(folder.Root, "m-00003-of-00003.gguf"), files);
        Assert.Equal(model.Files, files.Paths);
        using FlashDevice device = FlashDevice.Open(files);
        Assert.Equal(model.Files.Select(f => new FileInfo(f).Length), Enumerable.Range(0, 3).Select(device.FileLength));
    }

    [Fact]
    public void DescribeChange_OfManyFiles_AllocatesNothing()
    {
        using TestFiles folder = new();
        using FlashDevice device = FlashDevice.Open([.. Enumerable.Range(0, 8).Select(i => folder.Write($"{i}", Model(1)))]);
        ModelChangedException.Find(device);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            Assert.Null(ModelChangedException.Find(device));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    /// <summary>A model of one tensor whose bytes are all the same.</summary>
    private static byte[] Model(byte value)
    {
        byte[] bytes = new GgufBuilder().Key("general.architecture", "llama").Tensor("a", [1024, 8]).Build();
        bytes.AsSpan(bytes.Length - (1024 * 8 * 4)).Fill(value);
        return bytes;
    }

    private static byte FirstByte(FlashDevice device, Extent extent)
    {
        using AlignedBuffer buffer = new BudgetAccount("test", long.MaxValue).Allocate(extent.Window.Length);
        using FlashReader reader = new(device, 1);
        reader.ReadNow(extent, buffer.Address, out nint payload);
        return buffer.Bytes(payload - buffer.Address, 1)[0];
    }
}
