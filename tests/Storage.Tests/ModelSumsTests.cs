using System.IO.Hashing;
using LayerStream.Formats;
using LayerStream.Formats.Tests;
using LayerStream.Storage.Sums;
using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class ModelSumsTests : IDisposable
{
    private readonly TestFiles _files = new();

    public void Dispose() => _files.Dispose();

    private string WriteModel()
    {
        byte[] file = new GgufBuilder().Key("general.architecture", "llama")
            .Tensor("a", [32, 4096], (int)TensorType.Q4_0).Tensor("b", [5]).Tensor("c", [256, 300], (int)TensorType.Q6_K).Build();
        int data = file.Length - (32 * 4096 / 32 * 18) - 32 - (300 * 210 / 32 * 32) - 32;
        new Random(3).NextBytes(file.AsSpan(Math.Max(data, 400)));
        return _files.Write("m.gguf", file);
    }

    private static TensorSum[] Compute(string path, int workers = 2, int window = 64 * 1024)
    {
        GgufModel model = GgufModel.Open(path);
        using FlashDevice device = FlashDevice.Open(model.Files);
        return ModelSums.Compute(model, device, new RangeScan(device, workers, window), null, CancellationToken.None);
    }

    [Theory]
    [InlineData(1, 16 * 1024)]
    [InlineData(4, 16 * 1024)]
    [InlineData(3, 1 << 20)]
    public void Compute_AtAnyBufferSize_HashesEveryPartOfTheFile(int workers, int window)
    {
        string path = WriteModel();
        byte[] file = File.ReadAllBytes(path);
        TensorSum[] sums = Compute(path, workers, window);
        Assert.Equal([TensorSum.HeaderName, "a", "b", "c"], sums.Select(s => s.Name));
        Assert.All(sums, s => Assert.Equal(Convert.ToHexStringLower(XxHash128.Hash(file.AsSpan((int)s.Offset, (int)s.Length))), s.Hash));
    }

    [Fact]
    public void Compare_EveryPartWithAFlippedBit_IsNamedAlone()
    {
        string path = WriteModel();
        SumsFile recorded = new(DateTimeOffset.UtcNow, Compute(path));
        Assert.Empty(recorded.Compare(Compute(path)));
        byte[] sound = File.ReadAllBytes(path);
        foreach (TensorSum part in recorded.Sums.Where(p => p.Name != TensorSum.HeaderName))
        {
            byte[] damaged = [.. sound];
            damaged[part.Offset + part.Length - 1] ^= 1;
            File.WriteAllBytes(path, damaged);
            (TensorSum found, string problem) = Assert.Single(recorded.Compare(Compute(path)));
            Assert.Equal((part.Name, part.Offset), (found.Name, found.Offset));
            Assert.Contains("differs", problem);
        }
    }

    [Fact]
    public void Compare_OtherTensors_NamesThoseOnEitherSide()
    {
        TensorSum a = new("a", 0, 64, 32, "00"), b = new("b", 0, 96, 32, "11");
        SumsFile recorded = new(DateTimeOffset.UtcNow, [a]);
        Assert.Equal(["b", "a"], recorded.Compare([b]).Select(d => d.Part.Name));
        Assert.Contains("64 bytes", Assert.Single(new SumsFile(DateTimeOffset.UtcNow, [a with { Length = 64 }]).Compare([a])).Problem);
    }

    [Fact]
    public void Compute_FileTruncatedAfterOpening_ReportsThePartsThatCannotBeRead()
    {
        string path = WriteModel();
        GgufModel model = GgufModel.Open(path);
        using FlashDevice device = FlashDevice.Open(model.Files);
        TensorInfo last = model.Tensors[^1];
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write))
        {
            stream.SetLength(last.Extent.Offset + 1);
        }

        TensorSum[] sums = ModelSums.Compute(model, device, new RangeScan(device, 2, 64 * 1024), null, CancellationToken.None);
        Assert.Equal(["c"], sums.Where(s => s.ReadError is not null).Select(s => s.Name));
        Assert.Equal("", sums[^1].Hash);
    }

    [Fact]
    public void Save_ThenLoad_GivesTheSameAndLeavesNothingElse()
    {
        string path = Path.Combine(_files.Root, "sums.json");
        SumsFile sums = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), Compute(WriteModel()));
        sums.Save(path);
        sums.Save(path);
        SumsFile loaded = SumsFile.Load(path);
        Assert.Equal(sums.Recorded, loaded.Recorded);
        Assert.Equal(sums.Sums.Select(s => s with { NonFinite = 0 }), loaded.Sums);
        Assert.Equal(["m.gguf", "sums.json"], Directory.GetFiles(_files.Root).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Save_IntoAFolderInTheWay_FailsAndLeavesNothing()
    {
        string path = Path.Combine(_files.Root, "sums.json");
        Directory.CreateDirectory(path);
        Assert.ThrowsAny<SystemException>(() => new SumsFile(DateTimeOffset.UtcNow, []).Save(path));
        Assert.Empty(Directory.GetFiles(_files.Root));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"format\":\"layerstream-sums\",\"version\":2,\"hash\":\"xxh128\"}")]
    [InlineData("{\"format\":\"layerstream-sums\",\"version\":1,\"hash\":\"xxh128\",\"recorded\":\"x\",\"parts\":[]}")]
    [InlineData("{\"format\":\"layerstream-sums\",\"version\":1,\"hash\":\"xxh128\","
        + "\"recorded\":\"2026-01-02T03:04:05Z\",\"parts\":[{\"name\":1}]}")]
    public void Load_Damaged_SaysHowToGoOn(string text)
        => Assert.Contains("--record", Assert.Throws<InvalidDataException>(() => SumsFile.Load(_files.Write("s.json", text))).Message);

    [Fact]
    public void Compute_SplitModel_CoversEveryFile()
    {
        for (int i = 0; i < 3; i++)
        {
            GgufBuilder shard = new GgufBuilder().Key("split.no", (ushort)i).Key("split.count", (ushort)3).Key("split.tensors.count", 2);
            _files.Write($"s-{i + 1:D5}-of-00003.gguf", (i == 0 ? shard : shard.Tensor($"t{i}", [64])).Build());
        }

        TensorSum[] sums = Compute(Path.Combine(_files.Root, "s-00001-of-00003.gguf"));
        Assert.Equal([(TensorSum.HeaderName, 0), (TensorSum.HeaderName, 1), ("t1", 1), (TensorSum.HeaderName, 2), ("t2", 2)],
            sums.Select(s => (s.Name, s.File)));
        Assert.Empty(new SumsFile(DateTimeOffset.UtcNow, sums).Compare(sums));
    }
}
