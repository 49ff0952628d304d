using LayerStream.Formats.Writing;
using Xunit;

namespace LayerStream.Formats.Tests;

/// <summary>What the writer writes is what the reader reads.</summary>
public sealed class GgufWriterTests
{
    public static TheoryData<object> Values() =>
    [
        (byte)200, (sbyte)-3, (ushort)65535, (short)-32768, 4000000000u, -7, 1.5f, true, false, "täxt", ulong.MaxValue,
            long.MinValue, Math.PI,
        new byte[] { 1, 255 }, new sbyte[] { -1 }, new ushort[] { 1, 65535 }, new short[] { -5 }, new[] { 1u, uint.MaxValue },
            new[] { 1, -2, 3 }, new[] { 0.25f, -1f },
        new[] { true, false, true }, new[] { "a", "", "日本" }, new[] { ulong.MaxValue }, new[] { long.MinValue }, new[] { 1e300 },
            Array.Empty<string>(), Array.Empty<float>(),
    ];

    [Theory]
    [MemberData(nameof(Values))]
    public void Key_OfAnyKind_IsReadBack(object value)
    {
        GgufWriter writer = new();
        writer.AddKey("some.key", value);
        KeyValuePair<string, object> read = Assert.Single(TemporaryFolder.Opens(writer.Finish().Head).Metadata.Entries);
        Assert.Equal("some.key", read.Key);
        Assert.Equal(value.GetType(), read.Value.GetType());
        Assert.Equal(value, read.Value);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(4096)]
    public void Tensors_OfManyTypes_LieAlignedOneAfterTheOther(int alignment)
    {
        GgufWriter writer = new(alignment);
        writer.AddTensor("a.weight", TensorType.Q4_K, 512, 3, 5);
        writer.AddTensor("b", TensorType.F32, 7);
        writer.AddTensor("c.weight", TensorType.MXFP4, 32, 2, 2, 2);
        GgufLayout layout = writer.Finish();
        byte[] file = new byte[layout.FileBytes];
        layout.Head.CopyTo(file, 0);
        GgufModel model = TemporaryFolder.Opens(file);
        Assert.Equal(layout.Tensors.Select(Text), model.Tensors.Select(Text));
        Assert.All(model.Tensors, t => Assert.Equal(0, t.Extent.Offset % alignment));
        Assert.Equal([2L * 15 * 144, 28, 8 * 17], model.Tensors.Select(t => t.Extent.Length));
        Assert.True(layout.FileBytes - (layout.Tensors[^1].Extent.Offset + layout.Tensors[^1].Extent.Length) < alignment);
    }

    [Fact]
    public void CopyKeys_OfAPrefix_CopiesStringsByteForByte()
    {
        // no valid UTF-8
        byte[] odd = [.. BitConverter.GetBytes(8), .. BitConverter.GetBytes(2L), .. GgufBuilder.Text([0xFF, 0xC3]),
            .. GgufBuilder.Text("ok")];
        GgufModel source = TemporaryFolder.Opens(new GgufBuilder().Key("other", 1).Raw("tokenizer.odd", 9, odd)
            .Key("tokenizer.scores", new[] { 1f, 2f }).Key("tokenizer.model", "x").Build());
        GgufWriter writer = new();
        writer.CopyKeys(source.Metadata, "tokenizer.");
        byte[] head = writer.Finish().Head;
        Assert.Equal(["tokenizer.odd", "tokenizer.scores", "tokenizer.model"], TemporaryFolder.Opens(head).Metadata.Keys);
        Assert.True(head.AsSpan().IndexOf(odd) > 0);
    }

    [Fact]
    public void Writer_OfWhatNoFileMayHold_Refuses()
    {
        GgufWriter writer = new();
        writer.AddKey("k", 1);
        writer.AddTensor("t", TensorType.F32, 1);
        Assert.Throws<ArgumentException>(() => writer.AddKey("k", 2));
        Assert.Throws<ArgumentException>(() => writer.AddKey("d", 1m));
        Assert.Throws<ArgumentException>(() => writer.AddKey("n", new[] { new[] { 1 } }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("t", TensorType.F32, 1));
        Assert.Throws<ArgumentException>(() => writer.AddTensor(new string('x', 64), TensorType.F32, 1));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("u", TensorType.Q4_K, 128));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("v", TensorType.F32, 4, 0));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("w", TensorType.F32, 1, 1, 1, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GgufWriter(12));
    }

    [Fact]
    public void SplitMix64_FromZero_GivesThePublishedNumbers()
    {
        SplitMix64 random = new(0);
        Assert.Equal(new ulong[] { 0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F },
            new ulong[] { random.Next(), random.Next(), random.Next() });
    }

    private static string Text(TensorInfo t) => $"{t.Name} {t.Type} {string.Join('x', t.Shape)} {t.Extent}";
}
