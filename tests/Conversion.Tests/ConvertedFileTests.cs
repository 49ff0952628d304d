using LayerStream.Formats;
using LayerStream.Formats.Writing;
using LayerStream.Kernels.Quants;
using LayerStream.Memory;
using Xunit;

namespace LayerStream.Conversion.Tests;

public sealed class ConvertedFileTests : IDisposable
{
    private readonly SampleFile _sample = new();

    public static TheoryData<string> Targets() => [.. QuantizeTargets.All.Select(t => t.Name)];

    public static TheoryData<TensorType> SourceTypes() => [.. TensorTypes.All.Select(t => t.Type)
        .Where(t => Dequantize.Supports(t) && File.Exists(Golden(t, "bin")) && File.Exists(Golden(t, "f32")))];

    public void Dispose() => _sample.Dispose();

    [Theory]
    [MemberData(nameof(Targets))]
    public void Write_OfAnyTarget_GivesAFileThatReadsAndDecodesToTheSame(string target)
    {
        GgufModel before = _sample.Write(Small());
        GgufModel after = _sample.Convert(target);
        Assert.Equal(3, after.Version);
        Assert.Equal(before.Tensors.Select(t => (t.Name, string.Join('x', t.Shape))),
            after.Tensors.Select(t => (t.Name, string.Join('x', t.Shape))));
        Assert.Equal(QuantizeTargets.Find(target)!.FileType ?? 0, after.Metadata.GetInt64("general.file_type"));
        foreach (TensorInfo tensor in after.Tensors)
        {
            float[] values = SampleFile.Values(before, tensor.Name), read = SampleFile.Values(after, tensor.Name);
            double error = Math.Sqrt(values.Zip(read, (x, y) => (x - (double)y) * (x - y)).Average());
            Assert.True(error < 0.3, $"{tensor.Name} {tensor.Type}: {error}");
            Assert.Equal(0, tensor.Extent.Offset % 64);
        }

        Assert.Equal(SampleFile.Bytes(before, "blk.0.attn_norm.weight"), SampleFile.Bytes(after, "blk.0.attn_norm.weight"));
        Assert.Equal(SampleFile.Bytes(before, "blk.0.ffn_gate_inp.weight"), SampleFile.Bytes(after, "blk.0.ffn_gate_inp.weight"));
        Assert.False(File.Exists(ConvertedFile.PartOf(_sample.Out)));
        Assert.Empty(Directory.GetFiles(_sample.Folder).Except([_sample.In, _sample.Out]));
    }

    [Fact]
    public void Write_OfMetadata_KeepsAllButWhatTheFileSaysOfItself()
    {
        GgufModel before = _sample.Write(Small()), after = _sample.Convert("Q4_K_M");
        Assert.Equal(
            before.Metadata.Entries.Where(e => e.Key is not ("general.file_type" or "split.no" or "split.count")).OrderBy(e => e.Key),
            after.Metadata.Entries.Where(e => e.Key is not ("general.file_type" or "general.quantization_version")).OrderBy(e => e.Key));
        Assert.Equal(2, after.Metadata.GetInt64("general.quantization_version"));
        Assert.Equal(64, after.Metadata.GetInt64("general.alignment"));
    }

    [Fact]
    public void Write_OfACopy_ChangesNeitherBytesNorMetadata()
    {
        GgufModel before = _sample.Write(Small()), after = _sample.Convert("COPY");
        Assert.Equal(before.Tensors.Select(t => (t.Name, t.Type)), after.Tensors.Select(t => (t.Name, t.Type)));
        Assert.All(before.Tensors, t => Assert.Equal(SampleFile.Bytes(before, t.Name), SampleFile.Bytes(after, t.Name)));
        Assert.DoesNotContain("general.quantization_version", after.Metadata.Keys);
    }

    [Theory]
    [InlineData("COPY", TensorType.F16)]
    [InlineData("Q4_K_S", TensorType.Q4_K)]
    public void Write_OfFusedExperts_PutsGateAndUpOfEachTogether(string target, TensorType type)
    {
        const int Rows = 300, Experts = 3; // an expert is longer than the smallest window
        _sample.Write(WithExperts(TensorType.F16, Rows));
        GgufModel apart = _sample.Convert(target);
        byte[] gate = SampleFile.Bytes(apart, "blk.0.ffn_gate_exps.weight"), up = SampleFile.Bytes(apart, "blk.0.ffn_up_exps.weight");
        long least = Assert.Throws<BudgetTooSmallException>(() => ConversionMemory.Divide(1, 4096, 2, 0)).SmallestBudgetBytes;
        GgufModel fused = _sample.Convert(target, budgetBytes: least, replaces: true, fusesExperts: true);
        Assert.Equal(["blk.0.ffn_gate_up_exps.weight", "blk.0.ffn_down_exps.weight"], fused.Tensors.Select(t => t.Name));
        TensorInfo tensor = fused.Tensors[0];
        Assert.Equal((type, "512x600x3"), (tensor.Type, string.Join('x', tensor.Shape)));
        int expert = gate.Length / Experts;
        byte[][] expected = [.. gate.Chunk(expert).Zip(up.Chunk(expert), (a, b) => (byte[])[.. a, .. b])];
        Assert.Equal(expected.SelectMany(e => e), SampleFile.Bytes(fused, tensor.Name));
    }

    [Theory]
    [InlineData(TensorType.BF16, 300, null)]
    [InlineData(TensorType.F16, 299, null)]
    [InlineData(TensorType.F16, 300, "blk.0.ffn_gate_exps.bias")]
    [InlineData(TensorType.F16, 300, "blk.0.ffn_up_exps.scale")]
    public void Create_OfExpertsThatDoNotMatch_LeavesThemApartAndSaysSo(TensorType up, int rows, string? beside)
    {
        GgufWriter writer = WithExperts(up, rows);
        if (beside is not null)
        {
            writer.AddTensor(beside, TensorType.F32, 300, 3);
        }

        GgufModel model = _sample.Write(writer);
        QuantizePlan plan = QuantizePlan.Create(model, QuantizeTargets.Find("COPY")!, fusesExperts: true);
        Assert.Equal(model.Tensors.Select(t => t.Name), plan.Layout.Tensors.Select(t => t.Name));
        Assert.Equal(["blk.0.ffn_gate_exps.weight"], plan.Apart);
    }

    [Theory]
    [MemberData(nameof(SourceTypes))]
    public void Write_FromAnyType_ReadsItBitForBit(TensorType type)
    {
        GgufWriter writer = new();
        writer.AddKey("general.architecture", "llama");
        writer.AddTensor("blk.0.ffn_up.weight", type, 1024, 8);
        _sample.Write(writer, data: _ => File.ReadAllBytes(Golden(type, "bin")));
        GgufModel after = _sample.Convert("F32");
        Assert.Equal(File.ReadAllBytes(Golden(type, "f32")), SampleFile.Bytes(after, "blk.0.ffn_up.weight"));
    }

    [Fact]
    public void SourceTypes_InTheRepository_AreMany() => Assert.True(SourceTypes().Count >= 7);

    [Fact]
    public void Write_UnderOtherThreadsAndBudgets_GivesTheSameBytes()
    {
        GgufWriter writer = Small();
        writer.AddTensor("blk.1.ffn_up.weight", TensorType.F32, 256, 2000); // many windows of the smallest budget
        _sample.Write(writer);
        _sample.Convert("Q4_K_M", threads: 1);
        byte[] expected = File.ReadAllBytes(_sample.Out);
        long least = Assert.Throws<BudgetTooSmallException>(() => ConversionMemory.Divide(1, 4096, 3, 0)).SmallestBudgetBytes;
        _sample.Convert("Q4_K_M", threads: 3, budgetBytes: least, replaces: true);
        Assert.Equal(expected, File.ReadAllBytes(_sample.Out));
    }

    [Fact]
    public void Write_OfASet_JoinsItsFiles()
    {
        string[] paths = [.. Enumerable.Range(1, 2).Select(i => Path.Combine(_sample.Folder, $"m-0000{i}-of-00002.gguf"))];
        for (int i = 0; i < 2; i++)
        {
            GgufWriter writer = new();
            if (i == 0)
            {
                writer.AddKey("general.architecture", "llama");
            }

            writer.AddKey("split.no", (ushort)i);
            writer.AddKey("split.count", (ushort)2);
            writer.AddKey("split.tensors.count", 2);
            writer.AddTensor($"blk.{i}.ffn_up.weight", TensorType.F32, 256, 8);
            _ = i == 0 ? null : _sample.Write(writer, paths[i]);
            if (i == 0)
            {
                GgufLayout layout = writer.Finish();
                byte[] file = new byte[layout.FileBytes];
                layout.Head.CopyTo(file, 0);
                File.WriteAllBytes(paths[0], file);
            }
        }

        GgufModel after = _sample.Convert("Q8_0", from: paths[0]);
        Assert.Equal(["blk.0.ffn_up.weight", "blk.1.ffn_up.weight"], after.Tensors.Select(t => t.Name));
        Assert.DoesNotContain(after.Metadata.Keys, k => k.StartsWith("split.", StringComparison.Ordinal));
        Assert.NotEqual(SampleFile.Bytes(after, "blk.0.ffn_up.weight"), SampleFile.Bytes(after, "blk.1.ffn_up.weight"));
        Assert.Single(after.Files);
    }

    [Theory]
    [InlineData("blk.0.attn_v.weight", float.NaN, "get it again")]
    [InlineData("blk.0.attn_v.weight", float.NegativeInfinity, "get it again")]
    [InlineData("blk.0.attn_v.weight", 1e30f, "too large for Q8_0")]
    [InlineData("blk.0.attn_norm.weight", float.NaN, "get it again")]
    [InlineData("blk.2.ffn_up_exps.weight", 1e30f, "too large for Q8_0")]
    public void Write_OfAValueThatCannotBe_NamesTensorAndPlaceAndLeavesNothing(string tensor, float value, string expected)
    {
        const int At = 200;
        GgufWriter writer = Small();
        writer.AddTensor("blk.2.ffn_gate_exps.weight", TensorType.F32, 32, 5, 8);
        writer.AddTensor("blk.2.ffn_up_exps.weight", TensorType.F32, 32, 5, 8);
        GgufModel model = _sample.Write(writer, data: t =>
        {
            if (t.Name != tensor)
            {
                return null;
            }

            float[] values = new float[t.Elements];
            values[At] = value;
            return SampleFile.Of(values);
        });
        UnquantizableTensorException error = Assert.Throws<UnquantizableTensorException>(() => _sample.Convert("Q8_0", fusesExperts: true));
        Assert.Equal((tensor, At, _sample.In), (error.Tensor, error.Element, error.File));
        Assert.Equal(model.Find(tensor)!.Extent.Offset + (At * sizeof(float)), error.Offset);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal([_sample.In], Directory.GetFiles(_sample.Folder));
    }

    [Fact]
    public void Write_WhenCancelled_LeavesNothing()
    {
        _sample.Write(Small());
        using CancellationTokenSource cancel = new();
        Assert.Throws<OperationCanceledException>(() => _sample.Convert("Q8_0", progress: _ => cancel.Cancel(), cancel: cancel.Token));
        Assert.Equal([_sample.In], Directory.GetFiles(_sample.Folder));
    }

    [Fact]
    public void Write_OfAFileThatIsThere_ReplacesItOnlyWhenAsked()
    {
        _sample.Write(Small());
        File.WriteAllText(_sample.Out, "mine");
        Assert.Throws<IOException>(() => _sample.Convert("Q8_0"));
        Assert.Equal("mine", File.ReadAllText(_sample.Out));
        _sample.Convert("Q8_0", replaces: true);
    }

    [Fact]
    public void Write_WhileTheModelChanges_IsRefused()
    {
        _sample.Write(Small());
        Assert.Throws<Storage.ModelChangedException>(() => _sample.Convert("Q8_0",
            progress: _ => File.SetLastWriteTimeUtc(_sample.In, DateTime.UtcNow.AddHours(1))));
        Assert.Equal([_sample.In], Directory.GetFiles(_sample.Folder));
    }

    private static GgufWriter WithExperts(TensorType up, int rows)
    {
        GgufWriter writer = new();
        writer.AddKey("general.architecture", "qwen3moe");
        writer.AddTensor("blk.0.ffn_gate_exps.weight", TensorType.F16, 512, 300, 3);
        writer.AddTensor("blk.0.ffn_down_exps.weight", TensorType.F16, 288, 512, 3);
        writer.AddTensor("blk.0.ffn_up_exps.weight", up, 512, rows, 3);
        return writer;
    }

    private static GgufWriter Small()
    {
        GgufWriter writer = new(64);
        writer.AddKey("general.architecture", "llama");
        writer.AddKey("general.file_type", 0u);
        writer.AddKey("split.no", (ushort)0);
        writer.AddKey("split.count", (ushort)1);
        writer.AddKey("tokenizer.ggml.tokens", new[] { "a", "é", "" });
        writer.AddTensor("token_embd.weight", TensorType.F32, 256, 33);
        writer.AddTensor("blk.0.attn_norm.weight", TensorType.F32, 256);
        writer.AddTensor("blk.0.ffn_gate_inp.weight", TensorType.F32, 256, 8);
        writer.AddTensor("blk.0.attn_v.weight", TensorType.F32, 256, 64);
        writer.AddTensor("blk.0.ffn_down.weight", TensorType.BF16, 96, 64);
        writer.AddTensor("blk.0.ffn_up_exps.weight", TensorType.F16, 512, 5, 3);
        writer.AddTensor("blk.1.attn_q.weight", TensorType.Q8_0, 288, 7);
        writer.AddTensor("blk.1.attn_k.weight", TensorType.F32, 40, 70);
        return writer;
    }

    private static string Golden(TensorType type, string ending) =>
        Path.Combine(SampleFile.Root, "tests", "Kernels.Tests", "data", "quants", $"{type}.{ending}");
}
