using Xunit;

namespace LayerStream.Formats.Tests;

/// <summary>Files of other writers that are sound though they are written otherwise, and files that are no whole file.</summary>
public sealed class ForeignWriterTests
{
    [Theory]
    [InlineData(8u)]
    [InlineData(24u)]
    [InlineData(48u)]
    [InlineData(4096u)]
    public void Open_AlignmentOfAnyMultipleOf8_PlacesTensorsByIt(uint alignment)
    {
        byte[] bytes = new GgufBuilder { Alignment = (int)alignment }.Key("general.alignment", alignment).Tensor("a", [5])
            .Tensor("b", [5]).Build();
        GgufModel model = TemporaryFolder.Opens(bytes);
        Assert.Equal(0, model.Find("a")!.Extent.Offset % alignment);
        Assert.Equal((20 + alignment - 1) / alignment * alignment, model.Find("b")!.Extent.Offset - model.Find("a")!.Extent.Offset);
    }

    [Fact]
    public void Open_AlignmentOfAnotherInteger_IsTaken() =>
        Assert.Equal(0, TemporaryFolder.Opens(new GgufBuilder { Alignment = 64 }.Key("general.alignment", 64L).Tensor("a", [5]).Build())
            .Find("a")!.Extent.Offset % 64);

    [Theory]
    [InlineData(0u)]
    [InlineData(12u)]
    [InlineData(1u << 21)]
    public void Open_AlignmentOutOfRange_IsNotSupportedRatherThanDamaged(uint alignment)
    {
        string message = TemporaryFolder.Rejects(new GgufBuilder().Key("general.alignment", alignment).Tensor("a", [4]).Build()).Message;
        Assert.Contains($"alignment {alignment}", message, StringComparison.Ordinal);
        Assert.Contains("not supported", message, StringComparison.Ordinal);
        Assert.DoesNotContain("damaged", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new long[] { 64, 64, 8, 1 }, new long[] { 64, 64, 8 })]
    [InlineData(new long[] { 64, 1, 1, 1 }, new long[] { 64 })]
    [InlineData(new long[] { 1, 1, 1, 1 }, new long[] { 1 })]
    [InlineData(new long[] { 4, 1, 3, 1 }, new long[] { 4, 1, 3 })]
    public void Open_ShapeWithTrailingOnes_IsTheShapeWithout(long[] written, long[] read) =>
        Assert.Equal(read, TemporaryFolder.Opens(new GgufBuilder().Tensor("a", written).Build()).Find("a")!.Shape);

    [Theory]
    [InlineData("m.gguf.part1of2", "cat m.gguf.part* > m.gguf")]
    [InlineData("m.gguf.part2of2", "cat m.gguf.part* > m.gguf")]
    [InlineData("m.gguf.part-aa", "cat m.gguf.part-* > m.gguf")]
    [InlineData("m.gguf-split-a", "cat m.gguf-split-* > m.gguf")]
    [InlineData("m.gguf-split-b", "cat m.gguf-split-* > m.gguf")]
    [InlineData("m.gguf.001", "cat m.gguf.* > m.gguf")]
    [InlineData("m.gguf.part", "has not ended")]
    [InlineData("m.gguf.crdownload", "has not ended")]
    [InlineData("abc.incomplete", "has not ended")]
    public void Open_PieceOfAFile_SaysWhatToDo(string name, string advice)
    {
        byte[] whole = new GgufBuilder().Tensor("a", [4096]).Build();
        using TemporaryFolder folder = new();
        foreach (byte[] half in new[] { whole[..(whole.Length / 2)], whole[(whole.Length / 2)..] })
        {
            Assert.Contains(advice, folder.RejectsFile(folder.Write(name, half)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_WholeFileWithTheNameOfAPiece_Opens()
    {
        using TemporaryFolder folder = new();
        Assert.Single(GgufModel.Open(folder.Write("m.gguf.part1of1", new GgufBuilder().Tensor("a", [4]).Build())).Tensors);
    }

    [Fact]
    public void Open_WholeFileMissingBesideItsPieces_NamesThem()
    {
        using TemporaryFolder folder = new();
        folder.Write("m.gguf.part1of2", [1]);
        string message = folder.RejectsFile(Path.Combine(folder.FullPath, "m.gguf")).Message;
        Assert.Contains("m.gguf.part1of2", message, StringComparison.Ordinal);
        Assert.Contains("join", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<!DOCTYPE html><html><head><title>Sign in</title>", "a web page")]
    [InlineData("PK\u0003\u0004\u0014\0\0\0\b\0archive/data.pkl", "zip")]
    [InlineData("tjgg\u0003\0\0\0 \u007d\0\0\0\u0010\0\0 \0\0\0 \0\0\0", "GGML")]
    [InlineData("\u0040\u0001\0\0\0\0\0\0{\"model.embed_tokens.weight\":{}}", "safetensors")]
    [InlineData("{\"error\":\"Invalid username or password.\"}", "JSON")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "zeros")]
    [InlineData("ordinary text that is no model at all", "not a GGUF file")]
    public void Open_FileOfAnotherFormat_SaysWhichAndWhatToDo(string head, string what)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("m.gguf", [.. head.Select(c => (byte)c)]);
        string message = folder.RejectsFile(path).Message;
        Assert.Contains("not a GGUF file", message, StringComparison.Ordinal);
        Assert.Contains(what, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NamedTemplates_AreFoundByListAndByKey()
    {
        GgufModel model = TemporaryFolder.Opens(new GgufBuilder()
            .Key("tokenizer.chat_templates", new[] { "rag", "tool_use", "gone" }).Key("tokenizer.chat_template.tool_use", "T")
            .Key("tokenizer.chat_template.rag", "R").Key("tokenizer.chat_template.other", "O").Build());
        IReadOnlyDictionary<string, string> templates = ChatTemplates.Read(model.Metadata);
        Assert.Equal(["rag", "tool_use", "other"], templates.Keys);
        Assert.Equal(["R", "T", "O"], templates.Values);
        Assert.Null(ChatTemplates.Default(templates));
    }

    [Fact]
    public void Default_TheOnlyNamedTemplate_IsIt() =>
        Assert.Equal("T",
            ChatTemplates.Default(
            ChatTemplates.Read(TemporaryFolder.Opens(new GgufBuilder().Key("tokenizer.chat_template.tool_use", "T").Build()).Metadata)));

    [Fact]
    public void Default_BesideNamedTemplates_IsTheFilesOwn() =>
        Assert.Equal("D", ChatTemplates.Default(ChatTemplates.Read(
            TemporaryFolder.Opens(new GgufBuilder().Key("tokenizer.chat_template.tool_use", "T").Key("tokenizer.chat_template", "D")
                .Build()).Metadata)));
}
