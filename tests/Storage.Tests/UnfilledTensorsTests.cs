using LayerStream.Formats;
using LayerStream.Formats.Tests;
using LayerStream.Storage.Filling;
using LayerStream.Storage.Sums;
using Xunit;

namespace LayerStream.Storage.Tests;

public sealed class UnfilledTensorsTests
{
    private const int Tensors = 40;
    private const int RowBytes = 4096;
    private const int TensorBytes = 16 * RowBytes;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Find_SoundModelWithBiasesOfZero_FindsNothing(bool hasZeroBiases)
    {
        using TestFiles folder = new();
        GgufModel model = Write(folder, out string path, isZero: name => hasZeroBiases && name.EndsWith("bias", StringComparison.Ordinal));
        using FlashDevice device = FlashDevice.Open([path]);
        Assert.Empty(UnfilledTensors.Find(device, model.Tensors));
    }

    [Theory]
    [InlineData(5, 6, false)] // one matrix of zeros: models that were grown by zero layers have such
    [InlineData(7, 9, false)]
    [InlineData(10, 30, true)]
    [InlineData(0, 3, true)]
    [InlineData(36, 40, true)]
    public void Find_ZerosWhereWeightsShouldBe_NamesTheTensors(int from, int to, bool isUnfinished)
    {
        using TestFiles folder = new();
        GgufModel model = Write(folder, out string path, isZero: name => Index(name) >= from && Index(name) < to);
        using FlashDevice device = FlashDevice.Open([path]);
        IReadOnlyList<UnfilledTensor> found = UnfilledTensors.Find(device, model.Tensors);
        Assert.Equal(Enumerable.Range(from, to - from).Select(i => $"t{i}.weight"), found.Select(u => u.Tensor.Name));
        Assert.Equal(isUnfinished, UnfilledTensors.IsUnfinished(found, model.Tensors));
        Assert.Contains($"t{from}.weight", new UnfilledModelException(path, found).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_HoleInTheMiddleOfAFile_CountsItsBytesByTensor()
    {
        using TestFiles folder = new();
        GgufModel model = Write(folder, out string path, isZero: _ => false);
        Extent first = model.Find("t10.weight")!.Extent, last = model.Find("t30.weight")!.Extent;
        byte[] content = File.ReadAllBytes(path);
        using (FileStream stream = new(path, FileMode.Create))
        {
            stream.Write(content.AsSpan(0, (int)first.Offset + RowBytes)); // begins and ends inside of tensors
            stream.Seek(last.Offset + (TensorBytes * 3 / 4), SeekOrigin.Begin);
            stream.Write(content.AsSpan((int)last.Offset + (TensorBytes * 3 / 4)));
        }

        using FlashDevice device = FlashDevice.Open([path]);
        Assert.SkipWhen(device.NextHole(0, 0) is null, "this file system tells of no holes");
        IReadOnlyList<UnfilledTensor> found = UnfilledTensors.Find(device, model.Tensors);
        Assert.Equal(Enumerable.Range(10, 21).Select(i => $"t{i}.weight"), found.Select(u => u.Tensor.Name));
        Assert.All(found, u => Assert.InRange(u.HoleBytes, TensorBytes / 2, TensorBytes));
        Assert.True(UnfilledTensors.IsUnfinished(found, model.Tensors));
    }

    [Fact]
    public void Compute_MatrixOfZeros_IsSaidToBeSoForCertain()
    {
        using TestFiles folder = new();
        GgufModel model = Write(folder, out string path,
            isZero: name => Index(name) == 4 || name.EndsWith("bias", StringComparison.Ordinal));
        using FlashDevice device = FlashDevice.Open([path]);
        TensorSum[] sums = ModelSums.Compute(model, device, new RangeScan(device, 2, 64 << 10), null, CancellationToken.None);
        Assert.Equal("t4.weight", Assert.Single(sums, s => s.IsZero).Name);
    }

    private static int Index(string name) => name.EndsWith("weight", StringComparison.Ordinal)
        ? int.Parse(name[1..name.IndexOf('.', StringComparison.Ordinal)], null) : -1;

    /// <summary>Matrices and a bias each, filled with a pattern but for some.</summary>
    private static GgufModel Write(TestFiles folder, out string path, Func<string, bool> isZero)
    {
        GgufBuilder builder = new GgufBuilder().Key("general.architecture", "llama");
        for (int i = 0; i < Tensors; i++)
        {
            builder.Tensor($"t{i}.weight", [RowBytes / 4, 16]).Tensor($"t{i}.bias", [RowBytes / 4]);
        }

        byte[] bytes = builder.Build();
        path = folder.Write("m.gguf", bytes);
        GgufModel model = GgufModel.Open(path);
        foreach (TensorInfo tensor in model.Tensors.Where(t => !isZero(t.Name)))
        {
            TestFiles.Pattern((int)tensor.Extent.Length).CopyTo(bytes.AsSpan((int)tensor.Extent.Offset));
        }

        folder.Write("m.gguf", bytes);
        return model;
    }
}
