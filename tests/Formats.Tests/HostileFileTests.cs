using Xunit;

namespace LayerStream.Formats.Tests;

public sealed class HostileFileTests
{
    private static readonly Lazy<byte[]> s_small = new(() => new GgufBuilder()
        .Key("general.architecture", "llama")
        .Key("general.alignment", 32u)
        .Key("general.quantization_version", 2u)
        .Key("llama.block_count", 2u)
        .Key("llama.rope.freq_base", 10000f)
        .Key("tokenizer.ggml.tokens", new[] { "<s>", "a", "bc", "" })
        .Key("tokenizer.ggml.scores", new[] { 0f, 1f, 2f, 3f })
        .Key("tokenizer.ggml.token_type", new[] { 3, 1, 1, 1 })
        .Key("flags", new[] { true, false })
        .Key("last", 1.0)
        .Tensor("token_embd.weight", [32, 4], (int)TensorType.Q4_0)
        .Tensor("output_norm.weight", [32])
        .Tensor("x", [2, 3, 4, 5], (int)TensorType.F16)
        .Build());

    /// <summary>A file, and how many bytes of padding behind its last tensor may be missing.</summary>
    private static (byte[] File, int Padding, int Tensors) Truncatable(string kind) => kind switch
    {
        "mixed" => (s_small.Value, (32 - (2 * 3 * 4 * 5 * 2 % 32)) % 32, 3),
        "version 2, alignment 128, every value type" => (
            new GgufBuilder { Version = 2, Alignment = 128 }.Key("general.alignment", 128u).Key("a", (byte)1).Key("b", (sbyte)-1)
                .Key("c", (ushort)2).Key("d", (short)-2).Key("e", 3).Key("f", 4UL)
                .Key("g", -4L).Key("h", 1.5).Key("i", true).Key("j", "text").Key("k", new[] { "x", "", "long enough" })
                .Key("l", new[] { 1.0, 2.0 }).Key("m", new[] { -1L, 1L }).Key("n", new byte[] { 1, 2, 3 })
                .Tensor("q", [256, 2], (int)TensorType.Q4_K).Tensor("r", [3]).Build(),
            128 - 12, 2),
        "no keys" => (new GgufBuilder().Tensor("a", [32, 3], (int)TensorType.MXFP4).Tensor("b", [7], (int)TensorType.F16).Build(),
            32 - 14, 2),
        _ => throw new ArgumentException(kind),
    };

    [Theory]
    [InlineData("mixed")]
    [InlineData("version 2, alignment 128, every value type")]
    [InlineData("no keys")]
    public void Open_EveryTruncation_IsRejectedUntilTheLastPaddingOnly(string kind)
    {
        using var folder = new TemporaryFolder();
        (byte[] file, int padding, int tensors) = Truncatable(kind);
        int needed = file.Length - padding;
        for (int length = 0; length < file.Length; length++)
        {
            string path = folder.Write("m.gguf", file[..length]);
            if (length < needed)
            {
                folder.RejectsFile(path);
            }
            else
            {
                Assert.Equal(tensors, GgufModel.Open(path).Tensors.Count);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Open_RandomMutations_OpenInBoundsOrAreRejected(int seed)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(seed);
        int opened = 0;
        for (int i = 0; i < 1500; i++)
        {
            string path = folder.Write("m.gguf", Mutate(s_small.Value, random));
            long length = new FileInfo(path).Length;
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var model = GgufModel.Open(path);
                Assert.All(model.Tensors,
                    t => Assert.True(t.Extent.Offset >= 24 && t.Extent.Length > 0 && t.Extent.Offset <= length - t.Extent.Length));
                Assert.Equal(model.Metadata.Count, model.Metadata.Entries.Count());
                opened++;
            }
            catch (ModelFormatException)
            {
                // the only exception allowed
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (2 * length) + (1 << 20));
        }

        Assert.InRange(opened, 1, 1499);
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        byte[] file = (byte[])original.Clone();
        long[] nasty = [0, 1, -1, 3, 9, 31, 255, 65536, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, 1L << 61,
            file.Length];
        for (int n = random.Next(1, 4); n > 0; n--)
        {
            int at = random.Next(file.Length - 8);
            switch (random.Next(5))
            {
                case 0:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    file[at] = (byte)random.Next(256);
                    break;
                case 2:
                    BitConverter.TryWriteBytes(file.AsSpan(at), nasty[random.Next(nasty.Length)]);
                    break;
                case 3:
                    BitConverter.TryWriteBytes(file.AsSpan(at), (int)nasty[random.Next(nasty.Length)]);
                    break;
                default:
                    file = random.Next(2) == 0 ? [.. file[..at], .. file[(at + random.Next(1, 8))..]]
                        : [.. file[..at], (byte)random.Next(256), .. file[at..]];
                    break;
            }
        }

        return file;
    }

    public static TheoryData<string> Expensive =>
        ["tensors", "keys", "strings", "string arrays", "short strings", "everything", "long string", "long element", "bytes", "claim",
        "invalid text", "invalid keys"];

    /// <summary>The files with the most objects per byte stay within twice the bytes read and 1 MiB.</summary>
    [Theory]
    [MemberData(nameof(Expensive))]
    public void Open_ExpensiveFile_AllocatesAtMostTwiceItsBytesAndOneMebibyte(string kind)
    {
        using var folder = new TemporaryFolder();
        GgufModel.Open(folder.Write("warm.gguf", s_small.Value));
        string path = folder.Write("m.gguf", BuildExpensive(kind));
        long before = GC.GetAllocatedBytesForCurrentThread();
        long read = new FileInfo(path).Length;
        try
        {
            GgufModel.Open(path);
            Assert.NotEqual("claim", kind);
        }
        catch (ModelFormatException)
        {
            Assert.Equal("claim", kind);
            read = 1 << 16;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (2 * read) + (1 << 20));
    }

    private static byte[] BuildExpensive(string kind)
    {
        var builder = new GgufBuilder { Alignment = 8 }.Key("general.alignment", 8u);
        bool all = kind == "everything";
        for (int i = 0; i < 1023 && (all || kind == "keys" || kind == "string arrays"); i++)
        {
            builder.Key(Short(i), kind == "keys" ? (byte)1 : new[] { "" });
        }

        for (int i = 0; i < 8192 && (all || kind == "tensors"); i++)
        {
            builder.Tensor(Short(i), [1], (int)TensorType.I8);
        }

        return (kind switch
        {
            "strings" => builder.Key("s", Enumerable.Range(0, 100000).Select(i => $"tok{i}").ToArray()),
            "short strings" => builder.Key("s", Enumerable.Range(0, 100000).Select(i => i % 3 == 0 ? "" : "a").ToArray()),
            "long string" => builder.Key("s", new string('x', 5 << 20)),
            "long element" => builder.Key("s", Enumerable.Range(0, 300).Select(i => new string('x', 16 * 1024 + i % 3)).ToArray()),
            "bytes" => builder.Raw("s", 9, [.. BitConverter.GetBytes(0), .. BitConverter.GetBytes(8L << 20), .. new byte[8 << 20]]),
            "invalid text" => builder.Raw("s", 8, GgufBuilder.Text(Enumerable.Repeat((byte)0xFF, 1_000_000).ToArray())),
            "invalid keys" => Enumerable.Range(0, 20).Aggregate(builder, (b, i) => b.Pair(
                [.. GgufBuilder.Text([(byte)('a' + i), .. Enumerable.Range(0, 60_000).Select(n => (byte)(n % 3 == 0 ? 0xC3 : 0xE2))]),
                    .. BitConverter.GetBytes(0), 1])),
            "claim" =>
                builder.Raw("s", 9, [.. BitConverter.GetBytes(8), .. BitConverter.GetBytes(1L << 20),
                .. Enumerable.Repeat((byte)255, 16 << 20)]),
            _ => builder,
        }).Build();
    }

    private static string Short(int i) => $"{(char)('!' + (i % 90))}{(char)('!' + (i / 90))}";
}
