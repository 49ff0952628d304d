using Xunit;

namespace LayerStream.Formats.Tests;

/// <summary>One case per malformed class of the fact sheet.</summary>
public sealed class MalformedFileTests
{
    private const string LongName = "0123456789012345678901234567890123456789012345678901234567890123";

    private static readonly Dictionary<string, (Func<byte[]> File, string Message)> s_cases = new()
    {
        ["magic"] = (() => new GgufBuilder { Magic = "FUGG" }.Build(), "not a GGUF file"),
        ["lfs pointer"] = (() => "version https://git-lfs.github.com/spec/v1"u8.ToArray(), "git lfs"),
        ["23 bytes"] = (() => new GgufBuilder().Build()[..23], "only 23 bytes"),
        ["version 0"] = (() => new GgufBuilder { Version = 0 }.Build(), "version 0"),
        ["version 1"] = (() => new GgufBuilder { Version = 1 }.Build(), "version 1"),
        ["version 4"] = (() => new GgufBuilder { Version = 4 }.Build(), "version 4"),
        ["big endian"] = (() => new GgufBuilder { Version = 0x03000000 }.Build(), "big-endian"),
        ["tensor count negative"] = (() => new GgufBuilder { TensorCount = -1 }.Build(), "tensors"),
        ["tensor count huge"] = (() => new GgufBuilder { TensorCount = long.MaxValue }.Build(), "tensors"),
        ["tensor count above file"] = (() => new GgufBuilder { TensorCount = 2 }.Tensor("a", [4]).Build(), "tensor name"),
        ["tensor count above cap"] = (() => [.. new GgufBuilder { TensorCount = 8193 }.Build(), .. new byte[8193 * 24]], "8192"),
        ["key count negative"] = (() => new GgufBuilder { KeyCount = -1 }.Build(), "keys"),
        ["key count huge"] = (() => new GgufBuilder { KeyCount = 1L << 40 }.Build(), "keys"),
        ["key count above cap"] = (() => [.. new GgufBuilder { KeyCount = 1025 }.Build(), .. new byte[1025 * 13]], "1024"),
        ["key length above file"] = (() => new GgufBuilder().Pair([.. BitConverter.GetBytes(60000L), .. new byte[20]]).Build(), "ends"),
        ["key length above 64 KiB"] = (() => new GgufBuilder().Key(new string('k', 65536), 1).Build(), "key"),
        ["key empty"] = (() => new GgufBuilder().Key("", 1).Build(), "empty"),
        ["key duplicate"] = (() => new GgufBuilder().Key("k", 1).Key("k", 1).Build(), "twice"),
        ["string length above file"] = (() => new GgufBuilder().Raw("k", 8, BitConverter.GetBytes(1000L)).Build(), "ends"),
        ["string length negative"] = (() => new GgufBuilder().Raw("k", 8, BitConverter.GetBytes(-1L)).Build(), "length"),
        ["value type unknown"] = (() => new GgufBuilder().Raw("k", 13, new byte[8]).Build(), "value type 13"),
        ["value type negative"] = (() => new GgufBuilder().Raw("k", -1, new byte[8]).Build(), "value type"),
        ["element type unknown"] = (() => new GgufBuilder().Raw("k", 9, [.. BitConverter.GetBytes(77), .. new byte[16]]).Build(),
            "value type 77"),
        ["array of arrays"] = (() => new GgufBuilder().Raw("k", 9, [.. BitConverter.GetBytes(9), .. new byte[16]]).Build(),
            "array of arrays"),
        ["array count above file"] = (() => new GgufBuilder()
            .Raw("k", 9, [.. BitConverter.GetBytes(4), .. BitConverter.GetBytes(5L), .. new byte[16]]).Build(), "claims 5"),
        ["array count negative"] = (() => new GgufBuilder()
            .Raw("k", 9, [.. BitConverter.GetBytes(4), .. BitConverter.GetBytes(-1L), .. new byte[16]]).Build(), "claims"),
        ["array count times size wraps"] = (() => new GgufBuilder()
            .Raw("k", 9, [.. BitConverter.GetBytes(10), .. BitConverter.GetBytes(1L << 61), .. new byte[16]]).Build(), "claims"),
        ["string count above file"] = (() => new GgufBuilder()
            .Raw("k", 9, [.. BitConverter.GetBytes(8), .. BitConverter.GetBytes(3L), .. new byte[16]]).Build(), "claims 3"),
        ["string element above file"] = (() => new GgufBuilder()
            .Raw("k", 9, [.. BitConverter.GetBytes(8), .. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(9L)]).Build(), "ends"),
        ["string element negative"] = (() => new GgufBuilder()
            .Raw("k", 9, [.. BitConverter.GetBytes(8), .. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(-9L)]).Build(), "length"),
        ["alignment 0"] = (() => new GgufBuilder().Key("general.alignment", 0u).Tensor("a", [4]).Build(), "general.alignment"),
        ["alignment 12"] = (() => new GgufBuilder().Key("general.alignment", 12u).Tensor("a", [4]).Build(), "general.alignment"),
        ["alignment 2 MiB"] = (() => new GgufBuilder().Key("general.alignment", 1u << 21).Tensor("a", [4]).Build(), "general.alignment"),
        ["alignment bad, no tensors"] = (() => new GgufBuilder().Key("general.alignment", "32").Build(), "general.alignment"),
        ["tensor name long"] = (() => new GgufBuilder().Tensor(LongName, [4]).Build(), "tensor name"),
        ["tensor name empty"] = (() => new GgufBuilder().Tensor("", [4]).Build(), "tensor name"),
        ["tensor name duplicate"] = (() => new GgufBuilder().Tensor("a", [4]).Tensor("a", [4]).Build(), "'a' occurs twice"),
        ["five dimensions"] = (() => new GgufBuilder().Tensor("a", [1, 1, 1, 1, 1]).Build(), "5 dimensions"),
        ["dimension count huge"] = (() => new GgufBuilder().Tensor("a", [1], dimensions: uint.MaxValue).Build(), "dimensions"),
        ["dimension negative"] = (() => new GgufBuilder().Tensor("a", [4, -1]).Build(), "dimension"),
        ["dimension zero"] = (() => new GgufBuilder().Tensor("a", [4, 0]).Build(), "dimension"),
        ["elements overflow"] = (() => new GgufBuilder().Tensor("a", [1L << 32, 1L << 31]).Build(), "dimension"),
        ["elements wrap to small"] = (() => new GgufBuilder().Tensor("a", [1L << 32, 1L << 32, 4]).Build(), "dimension"),
        ["bytes overflow"] = (() => new GgufBuilder().Tensor("a", [1L << 62]).Build(), "overflows"),
        ["type removed"] = (() => new GgufBuilder().Tensor("a", [32], 4).Build(), "type 4"),
        ["type removed 36"] = (() => new GgufBuilder().Tensor("a", [32], 36).Build(), "type 36"),
        ["type unknown"] = (() => new GgufBuilder().Tensor("a", [32], 43).Build(), "type 43"),
        ["type negative"] = (() => new GgufBuilder().Tensor("a", [32], -1).Build(), "type"),
        ["row not whole blocks"] = (() => new GgufBuilder().Tensor("a", [48], (int)TensorType.Q4_0).Build(), "32"),
        ["offset unaligned"] = (() => new GgufBuilder().Tensor("a", [4], offset: 8).Build(), "alignment"),
        ["offset past the end"] = (() => new GgufBuilder().Tensor("a", [4], offset: 32).Build(), "outside"),
        ["offset negative"] = (() => new GgufBuilder().Tensor("a", [4], offset: -32).Build(), "outside"),
        ["offset wraps"] = (() => new GgufBuilder().Tensor("a", [4], offset: long.MaxValue - 31).Build(), "outside"),
        ["tensor past the end"] = (() => new GgufBuilder().Tensor("a", [4]).Tensor("b", [64], offset: 32).Build()[..^40], "outside"),
        ["overlap"] = (() => new GgufBuilder().Tensor("a", [16]).Tensor("b", [4], offset: 32).Tensor("c", [16]).Build(), "overlap"),
        ["same offset"] = (() => new GgufBuilder().Tensor("a", [4]).Tensor("b", [4], offset: 0).Build(), "overlap"),
        ["overlap out of order"] = (() => new GgufBuilder().Tensor("a", [4], offset: 64).Tensor("b", [24], offset: 0).Build(), "overlap"),
        ["no data section"] = (() => new GgufBuilder { WithData = false }.Tensor("abc", [4]).Build(), "truncated"),
        ["architecture no string"] = (() => new GgufBuilder().Key("general.architecture", 1).Build(), "general.architecture"),
        ["tokens no strings"] = (() => new GgufBuilder().Key("tokenizer.ggml.tokens", new[] { 1 }).Build(), "tokenizer.ggml.tokens"),
        ["scores count"] = (() => new GgufBuilder().Key("tokenizer.ggml.tokens", new[] { "a" })
            .Key("tokenizer.ggml.scores", new[] { 1f, 2f }).Build(), "2 elements for 1"),
        ["scores type"] = (() => new GgufBuilder().Key("tokenizer.ggml.tokens", new[] { "a" }).Key("tokenizer.ggml.scores", new[] { "a" })
            .Build(), "scores"),
        ["token types real"] = (() => new GgufBuilder().Key("tokenizer.ggml.tokens", new[] { "a" })
            .Key("tokenizer.ggml.token_type", new[] { 1f }).Build(), "token_type"),
        ["scores alone"] = (() => new GgufBuilder().Key("tokenizer.ggml.tokens", new[] { "a" }).Key("tokenizer.ggml.scores", 1f)
            .Build(), "scores"),
        ["token types count"] = (() => new GgufBuilder().Key("tokenizer.ggml.tokens", new[] { "a" })
            .Key("tokenizer.ggml.token_type", new[] { 1, 2, 3 }).Build(), "3 elements for 1"),
        ["quantisation version"] = (() => new GgufBuilder().Key("general.quantization_version", 1u).Tensor("a", [32], 2).Build(),
            "quantisation version 1"),
    };

    public static TheoryData<string> Names => [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Open_Malformed_SaysWhatAndWhere(string name)
    {
        var (file, message) = s_cases[name];
        Assert.Contains(message, TemporaryFolder.Rejects(file()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_DuplicateTensor_PointsAtTheSecond()
    {
        byte[] file = new GgufBuilder().Tensor("first", [4]).Tensor("first", [4]).Build();
        Assert.Equal(24 + 8 + 5 + 4 + 8 + 4 + 8, TemporaryFolder.Rejects(file).Offset);
    }

    [Fact]
    public void Open_LongNameLimit_Is63Bytes()
        => Assert.Single(TemporaryFolder.Opens(new GgufBuilder().Tensor(LongName[1..], [4]).Build()).Tensors);
}
