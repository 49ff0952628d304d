using LayerStream.Session;

namespace LayerStream.Host.Tests.Session;

public sealed class TokenIdsTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("1,2,3")]
    [InlineData("[1, 2,\n3]")]
    public void Parse_ListOrFile_GivesTheIds(string text)
    {
        File.WriteAllText(_path, text);
        Assert.Equal([1, 2, 3], TokenIds.Parse(text));
        Assert.Equal([1, 2, 3], TokenIds.Parse("@" + _path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("1,-2")]
    [InlineData("1,x")]
    [InlineData("1,99999999999")]
    public void Parse_NoIds_IsAUsageError(string text) => Assert.Throws<UsageException>(() => TokenIds.Parse(text));

    [Fact]
    public void Parse_MoreThanTheContext_IsRefusedWithTheWayOut()
    {
        UsageException refused = Assert.Throws<UsageException>(() => TokenIds.Parse("1,2,3", context: 2));
        Assert.Contains("--context", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_FileOfManyMebibytes_IsRefusedWithoutBeingHeld()
    {
        using (StreamWriter file = new(_path))
        {
            for (int i = 0; i < 3_000_000; i++)
            {
                file.Write("17,\n");
            }
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<UsageException>(() => TokenIds.Parse("@" + _path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20); // text and lists of it would be more than 40 MB
    }

    [Fact]
    public void Parse_FileOfOneEndlessWord_IsRefusedAtItsBeginning()
    {
        File.WriteAllText(_path, new string('7', 4 << 20));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<UsageException>(() => TokenIds.Parse("@" + _path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }
}
