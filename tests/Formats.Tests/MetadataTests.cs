using Xunit;

namespace LayerStream.Formats.Tests;

public sealed class MetadataTests
{
    private static readonly (string Key, object Value)[] s_all =
    [
        ("u8", (byte)200), ("i8", (sbyte)-2), ("u16", (ushort)60000), ("i16", (short)-3), ("u32", 4000000000u), ("i32", -5), ("f32", 1.5f),
        ("bool", true), ("string", "hé\u0001llo 😀"), ("u64", 7ul), ("huge", ulong.MaxValue), ("i64", -8L), ("f64", 2.25),
        ("u8s", new byte[] { 1, 255 }), ("i8s", new sbyte[] { -1 }), ("u16s", new ushort[] { 65535 }), ("i16s", new short[] { -1, 2 }),
        ("u32s", new uint[] { uint.MaxValue }), ("i32s", new[] { -1, 2, 3 }), ("f32s", new[] { 1f, 2f }), ("bools", new[] { true, false }),
        ("strings", new[] { "", "a", "ü", "日本" }), ("u64s", new ulong[] { 5 }), ("huges", new[] { ulong.MaxValue }),
            ("i64s", new long[] { -1 }),
        ("f64s", new[] { 0.5 }), ("none", Array.Empty<int>()), ("nostrings", Array.Empty<string>()),
    ];

    private static GgufMetadata Open()
    {
        var builder = new GgufBuilder();
        foreach (var (key, value) in s_all)
        {
            builder.Key(key, value);
        }

        return TemporaryFolder.Opens(builder.Build()).Metadata;
    }

    [Fact]
    public void Entries_EveryType_KeepOrderTypeAndValue()
    {
        var metadata = Open();
        Assert.Equal(s_all.Length, metadata.Count);
        foreach (var ((key, value), entry) in s_all.Zip(metadata.Entries))
        {
            Assert.Equal(key, entry.Key);
            Assert.Equal(value.GetType(), entry.Value.GetType());
            Assert.Equal(value, entry.Value);
        }
    }

    [Fact]
    public void Integers_AnyWidthThatFits_AreRead()
    {
        var metadata = Open();
        Assert.Equal(
            [200L, -2, 60000, -3, 4000000000, -5, 7, -8],
            new[] { "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64" }.Select(k => metadata.GetInt64(k)));
        Assert.Equal(9, metadata.GetInt64("absent", 9));
        Assert.False(metadata.TryGetInt64("huge", out _));
        Assert.False(metadata.TryGetInt64("f32", out _));
        Assert.Equal([1, 255], metadata.GetIntegers("u8s")!);
        Assert.Equal([-1], metadata.GetIntegers("i8s")!);
        Assert.Equal([65535], metadata.GetIntegers("u16s")!);
        Assert.Equal([-1, 2], metadata.GetIntegers("i16s")!);
        Assert.Equal([uint.MaxValue], metadata.GetIntegers("u32s")!);
        Assert.Equal([-1, 2, 3], metadata.GetIntegers("i32s")!);
        Assert.Equal([5], metadata.GetIntegers("u64s")!);
        Assert.Equal([-1], metadata.GetIntegers("i64s")!);
        Assert.Equal([1, 0], metadata.GetIntegers("bools")!);
        Assert.Equal([1], metadata.GetIntegers("bool")!);
        Assert.Equal([-5], metadata.GetIntegers("i32")!);
        Assert.Empty(metadata.GetIntegers("none")!);
        Assert.Null(metadata.GetIntegers("absent"));
    }

    [Fact]
    public void OtherGetters_MatchingType_ReturnValues()
    {
        var metadata = Open();
        Assert.Equal("hé\u0001llo 😀", metadata.GetString("string"));
        Assert.Null(metadata.GetString("absent"));
        Assert.Equal(1.5, metadata.GetDouble("f32", 0));
        Assert.Equal(2.25, metadata.GetDouble("f64", 0));
        Assert.Equal(-5, metadata.GetDouble("i32", 0));
        Assert.Equal(3, metadata.GetDouble("absent", 3));
        Assert.True(metadata.GetBool("bool", false));
        Assert.True(metadata.GetBool("absent", true));
        Assert.Equal([1f, 2f], metadata.GetFloats("f32s")!);
        Assert.Equal([0.5f], metadata.GetFloats("f64s")!);
        Assert.Equal([true, false], metadata.GetBools("bools")!);
        Assert.Empty(metadata.GetStrings("nostrings")!);
        var strings = metadata.GetStrings("strings")!;
        Assert.Equal(["", "a", "ü", "日本"], strings);
        Assert.Equal("日本", strings[3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => strings[4]);
        Assert.True(metadata.Contains("u8"));
        Assert.False(metadata.Contains("absent"));
    }

    [Fact]
    public void Getters_WrongTypeOrMissing_NameTheKey()
    {
        var metadata = Open();
        Action[] calls =
        [
            () => metadata.GetString("u8"), () => metadata.GetInt64("string"), () => metadata.GetInt64("absent"),
                () => metadata.GetInt64("huge", 1),
            () => metadata.GetDouble("string", 1), () => metadata.GetBool("i32", false), () => metadata.GetStrings("i32s"),
            () => metadata.GetIntegers("f32s"), () => metadata.GetIntegers("huges"), () => metadata.GetFloats("i32s"),
                () => metadata.GetBools("u8s"),
        ];
        string[] keys = ["u8", "string", "absent", "huge", "string", "i32", "i32s", "f32s", "huges", "i32s", "u8s"];
        foreach (var (call, key) in calls.Zip(keys))
        {
            Assert.Contains($"'{key}'", Assert.Throws<ModelFormatException>(call).Message);
        }
    }

    [Theory]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(65537)]
    [InlineData(200000)]
    public void Strings_AroundTheBufferSize_AreDecodedWhole(int length)
    {
        var random = new Random(length);
        string text = string.Concat(Enumerable.Range(0, length).Select(_ => (string[])["a", "é", "日", "😀"])
            .Select(all => all[random.Next(4)]))[..length];
        text = char.IsHighSurrogate(text[^1]) ? text[..^1] : text;
        string[] array = ["x", text, "y", .. Enumerable.Range(0, 2000).Select(i => new string('z', i % 50))];
        var metadata = TemporaryFolder.Opens(new GgufBuilder().Key("a", array).Key("s", text).Key("b", array).Key("t", new byte[length])
            .Key("e", 5).Build()).Metadata;
        Assert.Equal(text, metadata.GetString("s"));
        Assert.Equal(array, metadata.GetStrings("a")!);
        Assert.Equal(array, array.Select((_, i) => metadata.GetStrings("b")![i]));
        Assert.Equal(5, metadata.GetInt64("e"));
    }

    [Fact]
    public void Strings_InvalidUtf8_BecomeReplacementCharacters()
    {
        var noise = new byte[150000];
        new Random(1).NextBytes(noise);
        noise.AsSpan(60000, 20000).Fill(0x80);
        var metadata = TemporaryFolder.Opens(new GgufBuilder().Raw("s", 8, GgufBuilder.Text(noise))
            .Raw("t", 8, GgufBuilder.Text([0xFF, 0x41])).Build()).Metadata;
        Assert.Equal(System.Text.Encoding.UTF8.GetString(noise), metadata.GetString("s"));
        Assert.Equal("\uFFFDA", metadata.GetString("t"));
    }

    [Fact]
    public void Booleans_OtherBytes_AreTrue()
        => Assert.Equal([1, 0, 1], TemporaryFolder.Opens(new GgufBuilder()
        .Raw("b", 9, [.. BitConverter.GetBytes(7), .. BitConverter.GetBytes(3L), 2, 0, 255]).Build()).Metadata.GetIntegers("b")!);
}
