using Xunit;

namespace LayerStream.Memory.Tests;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData("4096B", 4096)]
    [InlineData("12GiB", 12L << 30)]
    [InlineData("128MiB", 128L << 20)]
    [InlineData("128mib", 128L << 20)]
    [InlineData("500MB", 500_000_000)]
    [InlineData("1.5G", 3L << 29)]
    [InlineData(" 1.25 GiB ", 5L << 28)]
    [InlineData("2k", 2048)]
    [InlineData("1TB", 1_000_000_000_000)]
    [InlineData("0.0001K", 0)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void TryParse_Good_GivesBytes(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out long value));
        Assert.Equal(bytes, value);
        Assert.Equal(bytes, ByteSize.Parse(text));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("GiB")]
    [InlineData("-1")]
    [InlineData("-1GiB")]
    [InlineData("+1")]
    [InlineData("1e9")]
    [InlineData("1.5")]
    [InlineData("1,5G")]
    [InlineData("1.2.3G")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("12GiBs")]
    [InlineData("1 2G")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999T")]
    [InlineData("99999999999999999999999999999999999999")]
    [InlineData("0x10")]
    public void TryParse_Bad_IsRefused(string? text)
    {
        Assert.False(ByteSize.TryParse(text, out long value));
        Assert.Equal(0, value);
    }

    [Fact]
    public void Parse_Bad_NamesTheText() => Assert.Contains("'lots'", Assert.Throws<FormatException>(() => ByteSize.Parse("lots")).Message);

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(5L << 28, "1.25 GiB")]
    [InlineData(-(5L << 28), "-1.25 GiB")]
    [InlineData(long.MaxValue, "8.00 EiB")]
    public void Format_Any_IsReadable(long bytes, string text) => Assert.Equal(text, ByteSize.Format(bytes));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData(long.MaxValue / 2)]
    public void FormatOption_Any_ParsesToAtLeastThatMuch(long bytes) =>
        Assert.InRange(ByteSize.Parse(ByteSize.FormatOption(bytes)) - bytes, 0, (1 << 20) - 1);
}
